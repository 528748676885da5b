-- One row per headline feed.
-- How well a feed is seen and understood. Shares are of its different headlines, not of how often they stood there.
--
-- feed_id: Feed
-- site: Site
-- feed_label: Heading of the feed
-- is_ranked: Whether it shows an order of popularity or numbers
-- headline_count: Different headlines
-- cut_ratio: Share that is cut
-- resolved_ratio: Share whose full headline is known
-- ambiguous_ratio: Share that several full headlines fit
-- unresolved_ratio: Share that no full headline is known to fit
-- article_ratio: Share whose article is known
-- width_limit: Width at which it cuts headlines; NULL when it cuts none
-- observation_count: Observations
-- unknown_time_count: Observations at an unknown time
-- first_observed_at: First observation with a known time
-- last_observed_at: Last observation with a known time

with headlines as (
    select
        feed_id,
        count(*) as headline_count,
        avg(is_truncated::int) as cut_ratio,
        avg((resolution_status = 'resolved')::int) as resolved_ratio,
        avg((resolution_status = 'ambiguous')::int) as ambiguous_ratio,
        avg((resolution_status = 'unresolved')::int) as unresolved_ratio,
        avg((resolved_article_id is not null)::int) as article_ratio,
    from headline_resolutions
    group by feed_id
),

observations as (
    select
        feed_id,
        count(*) as observation_count,
        count(*) - count(observed_at) as unknown_time_count,
        min(observed_at) as first_observed_at,
        max(observed_at) as last_observed_at,
    from headline_feed_observations
    group by feed_id
)

select
    feed_id,
    feeds.site,
    feeds.feed_label,
    feeds.is_ranked,
    headlines.headline_count,
    headlines.cut_ratio,
    headlines.resolved_ratio,
    headlines.ambiguous_ratio,
    headlines.unresolved_ratio,
    headlines.article_ratio,
    widths.width_limit,
    observations.observation_count,
    observations.unknown_time_count,
    observations.first_observed_at,
    observations.last_observed_at,
from headline_feeds as feeds
join headlines using (feed_id)
join observations using (feed_id)
left join (from headline_feed_widths where is_learned) as widths using (feed_id)
