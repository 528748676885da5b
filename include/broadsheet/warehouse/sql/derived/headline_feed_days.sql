-- Days of feeds on which observations came or went. Where a site is read under another time zone, all of its observations: their days of before
-- and of now.
create or replace temp table changed_days as
with rezoned as (
    select sites.site
    from sites
    join removed_sites as before using (site)
    where sites.time_zone <> before.time_zone
),

changed as (
    select feed_id, site, observed_at from added_headline_feed_observations
    union all
    select feed_id, site, observed_at from removed_headline_feed_observations
    union all
    select feed_id, site, observed_at from headline_feed_observations semi join rezoned using (site)
)

select distinct changed.feed_id, changed.site, (changed.observed_at at time zone sites.time_zone)::date as observed_date
from changed
join (select site, time_zone from sites union select site, time_zone from removed_sites) as sites using (site)
where changed.observed_at is not null;

-- The instants at which they begin and end, by the time zone of now.
create or replace temp table spans_of_days as
select
    days.feed_id,
    days.observed_date,
    days.observed_date::timestamp at time zone sites.time_zone as begins_at,
    (days.observed_date + 1)::timestamp at time zone sites.time_zone as ends_at,
from changed_days as days
join sites using (site);

create or replace temp table states_of_days as
with observed as (
    -- one state per feed and instant; two captures of one instant that disagree count once, by the smaller state id
    select
        days.feed_id,
        days.observed_date,
        observations.observed_at,
        min(observations.feed_snapshot_id) as feed_snapshot_id,
    -- an asof join gives rows without a time an arbitrary one (DuckDB 1.5)
    from (from headline_feed_observations where observed_at is not null) as observations
    asof join spans_of_days as days on days.feed_id = observations.feed_id and days.begins_at <= observations.observed_at
    where observations.observed_at < days.ends_at
    group by days.feed_id, days.observed_date, observations.observed_at
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
