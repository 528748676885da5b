-- Captures by day and site, of the last days with captures.
select captured_date as day, site, sum(capture_count)::bigint as counted
from site_days
where captured_date in (select distinct captured_date from site_days order by all desc limit $days)
group by all
