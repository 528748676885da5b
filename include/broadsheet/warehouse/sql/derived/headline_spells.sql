-- Feeds that were seen anew (or no longer), and since when. The observation before the first of these is the earliest that may go on or
-- end otherwise.
create or replace temp table changed_feeds as
with changed as (
    select feed_id, min(observed_at) as since
    from (from added_headline_feed_observations union all from removed_headline_feed_observations)
    where observed_at is not null
    group by feed_id
),

before as (
    select observations.feed_id, max(observations.observed_at) as observed_at
    from headline_feed_observations as observations
    join changed on changed.feed_id = observations.feed_id and observations.observed_at < changed.since
    group by observations.feed_id
)

select changed.feed_id, coalesce(before.observed_at, changed.since) as since
from changed
left join before using (feed_id);

create or replace temp table ending_spells as
select spells.*
from headline_spells as spells
join changed_feeds on changed_feeds.feed_id = spells.feed_id and spells.last_observed_at >= changed_feeds.since;

create or replace temp table starts as
select changed_feeds.feed_id, changed_feeds.since, least(changed_feeds.since, min(ending_spells.first_observed_at)) as start
from changed_feeds
left join ending_spells using (feed_id)
group by changed_feeds.feed_id, changed_feeds.since;

create or replace temp table spells_anew as
with recent as (
    -- from the start on, and the one before, which the first stay appeared after
    select observations.feed_id, observations.observed_at, observations.feed_snapshot_id
    from headline_feed_observations as observations
    join starts on starts.feed_id = observations.feed_id and observations.observed_at >= starts.start
    union all
    select observations.feed_id, max(observations.observed_at), null
    from headline_feed_observations as observations
    join starts on starts.feed_id = observations.feed_id and observations.observed_at < starts.start
    group by observations.feed_id
),

observed as (
    -- One state per feed and instant; two captures of one instant that disagree count once, by the smaller state id.
    select feed_id, observed_at, min(feed_snapshot_id) as feed_snapshot_id
    from recent
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
        entries.feed_headline_id,
        headline_key(entries.headline_text) as headline_key,
    from numbered
    -- the observation before the start is of no state here
    join headline_feed_entries as entries using (feed_snapshot_id)
),

stays as (
    -- constant along an unbroken stay
    select *, observation_number - row_number() over (partition by feed_id, rank, headline_key order by observed_at) as stay
    from shown
)

select
    stays.feed_id,
    stays.rank,
    stays.headline_key,
    min(stays.observed_at) as first_observed_at,
    any_value(stays.site) as site,
    -- a rendered capture shows the same headline with other widths of punctuation
    arg_max(stays.headline_text, stays.observed_at) as headline_text,
    arg_max(stays.feed_headline_id, stays.observed_at) as feed_headline_id,
    arg_min_null(stays.previous_at, stays.observed_at) as appeared_after,
    max(stays.observed_at) as last_observed_at,
    arg_max_null(stays.next_at, stays.observed_at) as gone_before,
    count(*) as observation_count,
from stays
join starts using (feed_id)
group by stays.feed_id, stays.rank, stays.headline_key, stays.stay, starts.since
having max(stays.observed_at) >= starts.since
