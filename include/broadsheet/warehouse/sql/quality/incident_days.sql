-- Incidents by kind and day of the site, of the last days of captures.
select
    incident_date as day,
    incident_kind,
    count(*) as incident_count,
from incidents
where incident_date in (select distinct captured_date from site_days order by all desc limit $days)
group by day, incident_kind
order by day, incident_kind
