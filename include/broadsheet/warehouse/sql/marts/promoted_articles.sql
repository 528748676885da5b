-- One row per article that a headline feed showed.
-- As far as it is known: a headline that is not resolved tells no article. The times are of observations with a known time, and NULL where there
-- are none; a feed may have shown the article before, after and in between.
--
-- article_id: Article; the one that stands where it has several ids
-- feed_count: Feeds that showed it
-- best_rank: Highest place at a known time
-- day_count: Days on which a feed showed it, each feed's counted
-- slot_count: Places in which it stood: one at each rank of each observed state
-- first_observed_at: First observation
-- last_observed_at: Last observation

select
    resolved_article_id as article_id,
    count(distinct resolutions.feed_id) as feed_count,
    min(days.best_rank) as best_rank,
    count(days.observed_date) as day_count,
    coalesce(sum(days.slot_count), 0)::bigint as slot_count,
    min(days.first_observed_at) as first_observed_at,
    max(days.last_observed_at) as last_observed_at,
from headline_resolutions as resolutions
left join headline_feed_days as days using (feed_headline_id)
where resolved_article_id is not null
group by resolved_article_id
