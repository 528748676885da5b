-- Days of sites whose captures came, went or are read otherwise. Where a site is read under another time zone, all of its captures: their days of
-- before and of now.
create or replace temp table changed_site_days as
with changed_versions as (
    select version_id from added_article_versions
    union select version_id from removed_article_versions
    union select version_id from added_article_sources
    union select version_id from removed_article_sources
    union select version_id from added_article_people
    union select version_id from removed_article_people
),

changed_captures as (
    select capture_id from added_headline_feed_observations
    union select capture_id from removed_headline_feed_observations
    union select capture_id from added_related_links
    union select capture_id from removed_related_links
),

rezoned as (
    select sites.site
    from sites
    join removed_sites as before using (site)
    where sites.time_zone <> before.time_zone
),

changed as (
    select site, captured_at from added_captures
    union select site, captured_at from removed_captures
    union select site, captured_at from captures semi join changed_versions using (version_id)
    union select site, captured_at from captures semi join changed_captures using (capture_id)
    union select site, captured_at from captures semi join rezoned using (site)
)

select distinct changed.site, (changed.captured_at at time zone sites.time_zone)::date as captured_date
from changed
join (select site, time_zone from sites union select site, time_zone from removed_sites) as sites using (site)
where changed.captured_at is not null;

-- The instants at which they begin and end, by the time zone of now.
create or replace temp table spans_of_site_days as
select
    days.site,
    days.captured_date,
    days.captured_date::timestamp at time zone sites.time_zone as begins_at,
    (days.captured_date + 1)::timestamp at time zone sites.time_zone as ends_at,
from changed_site_days as days
join sites using (site);

create or replace temp table site_days_anew as
with seen as (
    select
        captures.capture_id,
        captures.site,
        captures.layout_fingerprint,
        captures.parser_version,
        days.captured_date,
        captures.captured_at,
        captures.version_id,
        captures.content_sha256,
        captures.coverage_ratio,
        captures.left_out_char_count,
    -- an asof join gives rows without a time an arbitrary one (DuckDB 1.5)
    from (from captures where captured_at is not null) as captures
    asof join spans_of_site_days as days on days.site = captures.site and days.begins_at <= captures.captured_at
    where captures.captured_at < days.ends_at
),

sources as (
    select distinct version_id
    from article_sources
    semi join seen using (version_id)
),

people as (
    select
        version_id,
        bool_or(person_role in ('reporter', 'correspondent', 'author')) as has_author,
        bool_or(person_role in ('editor', 'responsible_editor')) as has_editor,
    from article_people
    semi join seen using (version_id)
    group by version_id
),

read_versions as (
    select
        version_id,
        versions.published_at,
        versions.channel_id is not null as has_channel,
        versions.char_count > 0 as has_body,
        sources.version_id is not null as has_source,
        people.version_id is not null as has_person,
        coalesce(people.has_author, false) as has_author,
        coalesce(people.has_editor, false) as has_editor,
    from article_versions as versions
    semi join seen using (version_id)
    left join sources using (version_id)
    left join people using (version_id)
),

feeds as (
    select observations.capture_id, count(*) as feed_count, sum(states.entry_count) as feed_entry_count
    from headline_feed_observations as observations
    semi join seen using (capture_id)
    join headline_feed_snapshots as states using (feed_snapshot_id)
    group by observations.capture_id
),

related as (
    select capture_id, count(distinct module_index) as related_count
    from related_links
    semi join seen using (capture_id)
    group by capture_id
),

read_captures as (
    select
        seen.*,
        read_versions.* exclude (version_id),
        -- less than a day before the capture, or dated ahead
        seen.captured_at - read_versions.published_at < interval 1 day as is_fresh,
        coalesce(feeds.feed_count, 0) as feed_count,
        coalesce(feeds.feed_entry_count, 0) as feed_entry_count,
        coalesce(related.related_count, 0) as related_count,
        {
            has_article: seen.version_id is not null,
            field_count: (published_at is not null)::int + has_channel::int + has_body::int + has_source::int + has_author::int + has_editor::int,
            capture_id: seen.capture_id,
        } as fullness,
    from seen
    left join read_versions using (version_id)
    left join feeds using (capture_id)
    left join related using (capture_id)
)

select
    site,
    layout_fingerprint,
    parser_version,
    captured_date,
    count(*) as capture_count,
    count(distinct content_sha256) as content_count,
    count(version_id) as article_capture_count,
    count(published_at) as published_at_count,
    count(*) filter (is_fresh) as fresh_count,
    count(*) filter (has_channel) as channel_count,
    count(*) filter (has_source) as source_count,
    count(*) filter (has_person) as person_count,
    count(*) filter (has_author) as author_count,
    count(*) filter (has_editor) as editor_count,
    count(*) filter (has_body) as body_count,
    count(*) filter (feed_count > 0) as feed_capture_count,
    sum(feed_count)::bigint as feed_count,
    sum(feed_entry_count)::bigint as feed_entry_count,
    sum(related_count)::bigint as related_module_count,
    count(*) filter (left_out_char_count > 0) as left_out_count,
    median(coverage_ratio) as median_coverage_ratio,
    -- examples: of pages with an article, where there are any
    coalesce(arg_min(capture_id, fullness) filter (version_id is not null), min(capture_id)) as poorest_capture_id,
    arg_max(capture_id, fullness) as richest_capture_id,
from read_captures
group by site, layout_fingerprint, parser_version, captured_date
