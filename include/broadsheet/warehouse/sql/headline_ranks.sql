-- One row per unbroken stay of a headline at one rank of a feed, from observations with a known time.
with observed as (
    -- One state per feed and instant; two captures of one instant that disagree count once, by the smaller state id.
    select
        feed_id,
        observed_at,
        min(feed_snapshot_id) as feed_snapshot_id,
    from headline_feed_observations
    where observed_at is not null
    group by feed_id, observed_at
),

numbered as (
    select
        *,
        row_number() over feed as observation_number,
        lag(observed_at) over feed as previous_at,
        lead(observed_at) over feed as next_at,
    from observed
    window feed as (partition by feed_id order by observed_at)
),

shown as (
    select
        numbered.*,
        entries.rank,
        entries.site,
        entries.headline_text,
        resolutions.full_headline,
        resolutions.resolved_article_id,
        -- constant along an unbroken stay
        numbered.observation_number
        - row_number() over (partition by numbered.feed_id, entries.rank, headline_key(entries.headline_text) order by numbered.observed_at) as stay,
    from numbered
    join headline_feed_entries as entries using (feed_snapshot_id)
    left join headline_resolutions as resolutions on resolutions.feed_snapshot_id = entries.feed_snapshot_id and resolutions.rank = entries.rank
)

select
    shown.site,
    shown.feed_id,
    feeds.feed_label,
    shown.rank,
    -- a rendered capture shows the same headline with other widths of punctuation
    arg_max(shown.headline_text, shown.observed_at) as headline_text,
    max(shown.full_headline) as full_headline,
    max(shown.resolved_article_id) as article_id,
    arg_min_null(shown.previous_at, shown.observed_at) as appeared_after,
    min(shown.observed_at) as first_observed_at,
    max(shown.observed_at) as last_observed_at,
    arg_max_null(shown.next_at, shown.observed_at) as gone_before,
    count(*) as observation_count,
from shown
join headline_feeds as feeds using (feed_id)
group by shown.site, shown.feed_id, feeds.feed_label, shown.rank, headline_key(shown.headline_text), shown.stay
