-- Feeds that were seen, by day and site, of the last days with captures.
select observed_date as day, site, count(*) as counted
from feed_days
where observed_date in (select distinct captured_date from site_days order by all desc limit $days)
group by all
