-- One row per headline that stands more than once in a state of a feed.
-- Headlines are the same if their letters and digits are.
--
-- site: Site
-- feed_id: Feed
-- feed_label: Heading of the feed
-- feed_snapshot_id: State of the feed
-- headline_text: Headline as displayed at the highest of its ranks
-- ranks: Ranks at which it stands
-- observation_count: Captures that show the state
-- first_observed_at: First observation of the state with a known time; NULL if there is none
-- last_observed_at: Last observation of the state with a known time; NULL likewise

with entries as (
    select
        repeats.feed_snapshot_id,
        repeats.headline_key,
        arg_min(entries.headline_text, entries.rank) as headline_text,
        list_sort(list(entries.rank)) as ranks,
    from headline_repeats as repeats
    join headline_feed_entries as entries on entries.feed_snapshot_id = repeats.feed_snapshot_id and entries.site = repeats.site
    join headline_resolutions as resolutions
        on resolutions.feed_headline_id = entries.feed_headline_id and resolutions.headline_key = repeats.headline_key
    group by repeats.feed_snapshot_id, repeats.headline_key
),

observations as (
    select
        o.feed_snapshot_id,
        count(*) as observation_count,
        min(o.observed_at) as first_observed_at,
        max(o.observed_at) as last_observed_at,
    from headline_feed_observations as o
    semi join entries using (feed_snapshot_id)
    group by o.feed_snapshot_id
)

select
    snapshots.site,
    snapshots.feed_id,
    feeds.feed_label,
    feed_snapshot_id,
    entries.headline_text,
    entries.ranks,
    coalesce(observations.observation_count, 0) as observation_count,
    observations.first_observed_at,
    observations.last_observed_at,
from entries
join headline_feed_snapshots as snapshots using (feed_snapshot_id)
join headline_feeds as feeds using (feed_id)
left join observations using (feed_snapshot_id)
