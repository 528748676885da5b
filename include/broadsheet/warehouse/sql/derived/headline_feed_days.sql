-- Days of feeds on which observations came or went, with the instants at which they begin and end.
create or replace temp table changed_days as
with changed as (
    select distinct observations.feed_id, sites.time_zone, (observations.observed_at at time zone sites.time_zone)::date as observed_date
    from (from added_headline_feed_observations union all from removed_headline_feed_observations) as observations
    join (from sites union from removed_sites) as sites using (site)
    where observations.observed_at is not null
)

select
    feed_id,
    observed_date,
    observed_date::timestamp at time zone time_zone as begins_at,
    (observed_date + 1)::timestamp at time zone time_zone as ends_at,
from changed;

create or replace temp table states_of_days as
with observed as (
    -- one state per feed and instant; two captures of one instant that disagree count once, by the smaller state id
    select
        changed_days.feed_id,
        changed_days.observed_date,
        observations.observed_at,
        min(observations.feed_snapshot_id) as feed_snapshot_id,
    -- an asof join gives rows without a time an arbitrary one (DuckDB 1.5)
    from (from headline_feed_observations where observed_at is not null) as observations
    asof join changed_days on changed_days.feed_id = observations.feed_id and changed_days.begins_at <= observations.observed_at
    where observations.observed_at < changed_days.ends_at
    group by changed_days.feed_id, changed_days.observed_date, observations.observed_at
)

select
    feed_id,
    observed_date,
    feed_snapshot_id,
    count(*) as observation_count,
    min(observed_at) as first_observed_at,
    max(observed_at) as last_observed_at,
from observed
group by feed_id, observed_date, feed_snapshot_id;

create or replace temp table days_anew as
select
    states.feed_id,
    states.observed_date,
    entries.feed_headline_id,
    min(entries.site) as site,
    sum(states.observation_count)::bigint as slot_count,
    min(entries.rank) as best_rank,
    min(states.first_observed_at) as first_observed_at,
    max(states.last_observed_at) as last_observed_at,
from states_of_days as states
join headline_feed_entries as entries using (feed_snapshot_id)
group by states.feed_id, states.observed_date, entries.feed_headline_id;

create or replace temp table feed_days_anew as
select
    states.feed_id,
    states.observed_date,
    min(snapshots.site) as site,
    sum(states.observation_count)::bigint as observation_count,
    count(*) as feed_snapshot_count,
    min(states.first_observed_at) as first_observed_at,
    max(states.last_observed_at) as last_observed_at,
from states_of_days as states
join headline_feed_snapshots as snapshots using (feed_snapshot_id)
group by states.feed_id, states.observed_date
