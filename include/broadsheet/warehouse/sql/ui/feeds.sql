-- Headline feeds with their health, of a site or of all, the last seen first.
select feed_health.*, sites.time_zone, count(*) over () as feed_count
from feed_health
join sites using (site)
where $site is null or site = $site
order by last_observed_at desc nulls last, site, feed_label, feed_id
limit $row_limit
