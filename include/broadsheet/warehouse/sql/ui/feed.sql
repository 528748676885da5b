-- A feed with its site's zone, and the first and last day on which it was seen.
select
    feeds.feed_id,
    feeds.site,
    feeds.feed_label,
    feeds.feed_ordinal,
    feeds.feed_scope,
    feeds.feed_url,
    feeds.is_ranked,
    sites.time_zone,
    (select min(observed_date) from feed_days where feed_id = $feed_id) as first_date,
    (select max(observed_date) from feed_days where feed_id = $feed_id) as last_date,
from headline_feeds as feeds
join sites using (site)
where feeds.feed_id = $feed_id
