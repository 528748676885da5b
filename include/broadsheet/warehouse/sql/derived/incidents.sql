-- Sites whose days changed, and since when their incidents may be others. Of all sites that is the day that was the latest known, once there is
-- a later one: it has ended then, and who was not seen on it was silent.
create or replace temp table changed_sites as
with changed_widths as (
    -- by when they were first seen: when they were last seen changes with every load
    select site, first_observed_at
    from added_headline_feed_widths
    anti join removed_headline_feed_widths using (feed_id, width_limit, first_observed_at)
    union all
    select site, first_observed_at
    from removed_headline_feed_widths
    anti join added_headline_feed_widths using (feed_id, width_limit, first_observed_at)
),

touched as (
    select site, captured_date as since from added_site_days
    union all select site, captured_date from removed_site_days
    union all select site, observed_date from added_feed_days
    union all select site, observed_date from removed_feed_days
    union all
    select changed_widths.site, (changed_widths.first_observed_at at time zone sites.time_zone)::date
    from changed_widths
    join sites using (site)
    where changed_widths.first_observed_at is not null
),

before as (
    select captured_date from site_days anti join added_site_days using (site, layout_fingerprint, parser_version, captured_date)
    union all select captured_date from removed_site_days
),

ended as (
    select least((select max(captured_date) from site_days), (select max(captured_date) from before)) as since
    where (select max(captured_date) from site_days) is distinct from (select max(captured_date) from before)
),

either as (
    from touched
    union all select distinct site_days.site, ended.since from site_days cross join ended where ended.since is not null
)

select site, min(since) as since
from either
group by site;

create or replace temp table incidents_anew as
with latest as (
    select max(captured_date) as captured_date
    from site_days
),

site_totals as (
    -- a day is compared with the 14 before it, and is no news where the known day before it is an incident: twice 14 days
    select
        site_days.site,
        site_days.captured_date,
        changed_sites.since,
        site_days.captured_date < latest.captured_date as has_ended,
        sum(capture_count) as capture_count,
        sum(content_count) as content_count,
        sum(article_capture_count) as article_capture_count,
        sum(published_at_count) as published_at_count,
        sum(fresh_count) as fresh_count,
        sum(channel_count) as channel_count,
        sum(source_count) as source_count,
        sum(person_count) as person_count,
        sum(author_count) as author_count,
        sum(editor_count) as editor_count,
        sum(body_count) as body_count,
        sum(feed_capture_count) as feed_capture_count,
        sum(feed_count) as feed_count,
        sum(feed_entry_count) as feed_entry_count,
        sum(related_module_count) as related_module_count,
        sum(left_out_count) as left_out_count,
        round(sum(median_coverage_ratio * capture_count) / sum(capture_count), 6) as coverage_ratio,
        arg_max(poorest_capture_id, {pages: capture_count, capture_id: poorest_capture_id}) as poorest_capture_id,
        arg_max(richest_capture_id, {pages: capture_count, capture_id: richest_capture_id}) as richest_capture_id,
    from site_days
    join changed_sites using (site)
    cross join latest
    where is_one_site(site, site) and site_days.captured_date >= changed_sites.since - 28
    group by all
),

days as (
    select
        *,
        count(*) over fortnight as known_day_count,
        last_value(captured_date) over fortnight as captured_date_before,
        last_value(richest_capture_id) over fortnight as richest_capture_id_before,
    from site_totals
    window fortnight as (partition by site order by captured_date range between interval 14 days preceding and interval 1 day preceding)
),

-- Shares of pages, means and counts -----------------------------------------------------------------------------------------

metrics as (
    -- `part` of `whole` pages or modules; one page differs from the next by about `noise`, which is the binomial's where it is NULL
    select
        days.* exclude (coverage_ratio),
        unnest([
            {kind: 'fill_rate_dropped', metric: 'article_ratio', side: -1, part: article_capture_count, whole: capture_count, noise: null, step: 0.1},
            {kind: 'fill_rate_dropped', metric: 'published_at_ratio', side: -1, part: published_at_count, whole: article_capture_count, noise: null, step: 0.1},
            {kind: 'fill_rate_dropped', metric: 'channel_ratio', side: -1, part: channel_count, whole: article_capture_count, noise: null, step: 0.1},
            {kind: 'fill_rate_dropped', metric: 'source_ratio', side: -1, part: source_count, whole: article_capture_count, noise: null, step: 0.1},
            {kind: 'fill_rate_dropped', metric: 'person_ratio', side: -1, part: person_count, whole: article_capture_count, noise: null, step: 0.1},
            {kind: 'fill_rate_dropped', metric: 'author_ratio', side: -1, part: author_count, whole: article_capture_count, noise: null, step: 0.1},
            {kind: 'fill_rate_dropped', metric: 'editor_ratio', side: -1, part: editor_count, whole: article_capture_count, noise: null, step: 0.1},
            {kind: 'fill_rate_dropped', metric: 'body_ratio', side: -1, part: body_count, whole: article_capture_count, noise: null, step: 0.1},
            {kind: 'fill_rate_dropped', metric: 'feed_ratio', side: -1, part: feed_capture_count, whole: capture_count, noise: null, step: 0.1},
            {kind: 'freshness_dropped', metric: 'fresh_ratio', side: -1, part: fresh_count, whole: published_at_count, noise: null, step: 0.3},
            {kind: 'duplicates_rose', metric: 'duplicate_ratio', side: 1, part: capture_count - content_count, whole: capture_count, noise: null, step: 0.3},
            {kind: 'left_out_rose', metric: 'left_out_ratio', side: 1, part: left_out_count, whole: capture_count, noise: null, step: 0.1},
            {kind: 'coverage_dropped', metric: 'coverage_ratio', side: -1, part: coverage_ratio * capture_count, whole: capture_count, noise: 0.1, step: 0.1},
            {kind: 'module_count_changed', metric: 'feed_count', side: 0, part: feed_count, whole: capture_count, noise: 0.5, step: 0.5},
            {kind: 'module_count_changed', metric: 'related_module_count', side: 0, part: related_module_count, whole: capture_count, noise: 0.5, step: 0.5},
            {kind: 'feed_length_changed', metric: 'feed_entry_count', side: 0, part: feed_entry_count, whole: feed_count, noise: 1, step: 2}
        ]::struct(kind varchar, metric varchar, side int, part double, whole double, noise double, step double)[], recursive := true),
    from days
),

valued as (
    select *, part / whole as value, from metrics where whole >= 10
    union all by name
    select *, 'volume_dropped' as kind, 'capture_count' as metric, -1 as side, 0.0 as noise, capture_count as value from days where has_ended
),

compared as (
    select
        *,
        median(value) over fortnight as baseline,
        list(value) over fortnight as values_before,
        count(*) over fortnight as baseline_day_count,
    from valued
    window fortnight as (
        partition by site, metric order by captured_date range between interval 14 days preceding and interval 1 day preceding
    )
),

distances as (
    -- a share's distance in standard deviations of the binomial, on the arcsine scale, where they hold near 0 and 1 too; some pages in a hundred may
    -- always be odd, though none was on the days before
    select
        *,
        case when side = 0 then abs(value - baseline) else side * (value - baseline) end as distance,
        case
            when noise is null and side = -1 then 2 * sqrt(whole) * (asin(sqrt(least(baseline, 0.95))) - asin(sqrt(value)))
            when noise is null and side = 1 then 2 * sqrt(whole) * (asin(sqrt(value)) - asin(sqrt(greatest(baseline, 0.05))))
        end as binomial_deviation,
    from compared
    where baseline_day_count >= 5
),

measured as (
    -- a normal distribution's standard deviation is 1.4826 times its median deviation; what a day's few pages let expect is the least
    select
        *,
        greatest(
            1.4826 * list_median(list_transform(values_before, lambda before: abs(before - baseline))),
            case
                when kind = 'volume_dropped' then sqrt(baseline) / 2
                when noise is null then distance / greatest(binomial_deviation, 1e-6)
                else noise / sqrt(whole)
            end
        ) as spread,
    from distances
),

judged as (
    select
        *,
        distance >= 4 * spread and distance >= coalesce(step, 0.4 * baseline) as is_deviating,
    from measured
),

deviations as (
    select
        *,
        poorest_capture_id as example_capture_id,
        richest_capture_id_before as example_capture_id_before,
    from judged
    window fortnight as (
        partition by site, metric order by captured_date range between interval 14 days preceding and interval 1 day preceding
    )
    qualify captured_date >= since and is_deviating and last_value(is_deviating) over fortnight is not true
),

-- Layouts -------------------------------------------------------------------------------------------------------------------

layout_days as (
    select
        site,
        layout_fingerprint,
        captured_date,
        sum(capture_count) as capture_count,
        min(poorest_capture_id) as example_capture_id,
        sum(sum(capture_count)) over (partition by site, captured_date) as site_capture_count,
        min(captured_date) over (partition by site, layout_fingerprint) as first_date,
    from site_days
    semi join changed_sites using (site)
    group by site, layout_fingerprint, captured_date
),

first_layout_days as (
    -- a page of an odd form, or of a kind that comes now and then, is no new layout; one that came late on the day before may be
    select *
    from layout_days
    where layout_fingerprint <> '' and capture_count >= 3 and capture_count >= site_capture_count / 10
    qualify row_number() over (partition by site, layout_fingerprint order by captured_date) = 1
),

new_layouts as (
    select
        days.site,
        days.captured_date,
        'new_layout' as kind,
        'layout_ratio' as metric,
        layouts.layout_fingerprint,
        layouts.capture_count / layouts.site_capture_count as value,
        0.0 as baseline,
        days.known_day_count as baseline_day_count,
        days.capture_count,
        layouts.example_capture_id,
        days.richest_capture_id_before as example_capture_id_before,
    from days
    join first_layout_days as layouts using (site, captured_date)
    where days.known_day_count >= 5 and days.captured_date >= days.since and layouts.first_date >= days.captured_date_before
),

-- Silence -------------------------------------------------------------------------------------------------------------------

begun as (
    select site, min(captured_date) as first_date
    from site_days
    semi join changed_sites using (site)
    group by site
),

silences as (
    -- the first day of a pause, of a site that was seen on four days of five
    select
        days.site,
        days.captured_date + 1 as captured_date,
        'site_silent' as kind,
        'capture_count' as metric,
        0.0 as value,
        median(capture_count) over fortnight as baseline,
        count(*) over fortnight as baseline_day_count,
        0 as capture_count,
        richest_capture_id as example_capture_id_before,
    from days
    join begun using (site)
    cross join latest
    window fortnight as (partition by site order by days.captured_date range between interval 13 days preceding and current row)
    qualify days.captured_date + 1 >= since
        and coalesce(lead(days.captured_date) over (partition by site order by days.captured_date), latest.captured_date) > days.captured_date + 1
        and baseline_day_count >= greatest(5, 0.8 * least(14, days.captured_date - begun.first_date + 1))
),

-- Feeds ---------------------------------------------------------------------------------------------------------------------

seen_feeds as (
    select feed_days.*
    from feed_days
    join changed_sites using (site)
    where observed_date >= since - 28
),

feed_series as (
    -- days of the site, whether or not it showed the feed
    select
        feeds.feed_id,
        days.*,
        seen_feeds.feed_id is not null as is_seen,
        coalesce(seen_feeds.observation_count, 0) as observation_count,
        seen_feeds.feed_snapshot_count,
        seen_feeds.last_observed_at - seen_feeds.first_observed_at as observed_for,
    from (select distinct feed_id, site from seen_feeds) as feeds
    join days using (site)
    left join seen_feeds on seen_feeds.feed_id = feeds.feed_id and seen_feeds.observed_date = days.captured_date
),

compared_feeds as (
    select
        *,
        count(*) filter (is_seen) over fortnight as baseline_day_count,
        median(observation_count / capture_count) over fortnight as usual_ratio,
        median(feed_snapshot_count) over fortnight as usual_snapshot_count,
    from feed_series
    window fortnight as (
        partition by feed_id order by captured_date range between interval 14 days preceding and interval 1 day preceding
    )
),

judged_feeds as (
    -- so many sightings are expected that none is no chance; a state that stays for hours where others came each day
    select
        *,
        coalesce(has_ended and not is_seen and usual_ratio * capture_count >= 10, false) as is_silent,
        coalesce(
            has_ended and feed_snapshot_count = 1 and observation_count >= 5 and observed_for >= interval 6 hours and usual_snapshot_count >= 3, false
        ) as is_frozen,
    from compared_feeds
    where baseline_day_count >= 5
),

feed_incidents as (
    select
        site,
        captured_date,
        if(is_silent, 'feed_silent', 'feed_frozen') as kind,
        if(is_silent, 'feed_observation_ratio', 'feed_snapshot_count') as metric,
        feed_id,
        if(is_silent, 0, 1)::double as value,
        if(is_silent, usual_ratio, usual_snapshot_count) as baseline,
        baseline_day_count,
        capture_count,
        poorest_capture_id as example_capture_id,
        richest_capture_id_before as example_capture_id_before,
    from judged_feeds
    window fortnight as (
        partition by feed_id order by captured_date range between interval 14 days preceding and interval 1 day preceding
    )
    qualify captured_date >= since
        and (
            (is_silent and last_value(is_silent) over fortnight is not true)
            or (is_frozen and last_value(is_frozen) over fortnight is not true)
        )
),

widths as (
    select
        widths.site,
        (widths.first_observed_at at time zone sites.time_zone)::date as captured_date,
        'feed_width_changed' as kind,
        'width_limit' as metric,
        widths.feed_id,
        widths.width_limit::double as value,
        arg_max(earlier.width_limit, {seen: earlier.first_observed_at, width: earlier.width_limit})::double as baseline,
    from headline_feed_widths as widths
    join changed_sites using (site)
    join sites using (site)
    join headline_feed_widths as earlier on earlier.feed_id = widths.feed_id and earlier.first_observed_at < widths.first_observed_at
    group by widths.site, widths.feed_id, widths.width_limit, widths.first_observed_at, sites.time_zone
),

width_incidents as (
    select
        widths.*,
        days.capture_count,
        days.known_day_count as baseline_day_count,
        days.poorest_capture_id as example_capture_id,
        days.richest_capture_id_before as example_capture_id_before,
    from widths
    join days using (site, captured_date)
    where days.captured_date >= days.since
),

found as (
    select site, captured_date, kind, metric, value, baseline, spread, baseline_day_count, capture_count, example_capture_id,
        example_capture_id_before from deviations
    union all by name from new_layouts
    union all by name from silences
    union all by name from feed_incidents
    union all by name from width_incidents
)

select
    -- of a site, a day and what deviates; a feed can show two new widths on one day
    left(
        sha256(
            concat_ws(
                chr(31), site, captured_date, kind, metric, coalesce(feed_id, '-'), coalesce(layout_fingerprint, '-'),
                if(kind = 'feed_width_changed', value::int, 0)
            )
        ),
        20
    ) as incident_id,
    kind as incident_kind,
    site,
    captured_date as incident_date,
    layout_fingerprint,
    feed_id,
    metric,
    value,
    baseline,
    spread,
    (value - baseline) / nullif(spread, 0) as deviation,
    capture_count::bigint as capture_count,
    baseline_day_count,
    example_capture_id,
    example_capture_id_before,
from found
