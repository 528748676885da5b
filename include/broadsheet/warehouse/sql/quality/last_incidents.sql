-- The last incidents, the newest first.
select *
from drift
order by incident_date desc, site, incident_kind, incident_id
limit $incidents
