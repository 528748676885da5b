-- One row per site, layout, parser version and day of capture.
-- How much of the pages was read: where a layout changed or a parser broke, shares fall from a day on. Shares are of captures that show an
-- article, and NULL where there is none.
--
-- site: Site
-- layout_fingerprint: Structural skeleton of the pages
-- parser_version: Version of the page kernel
-- captured_date: Day of capture in UTC; NULL for captures of unknown time
-- capture_count: Captures
-- article_ratio: Share of captures that show an article
-- coverage_ratio: Mean share of the visible characters that lie in labelled blocks
-- published_at_ratio: Share with a publication time
-- channel_ratio: Share with a breadcrumb
-- source_ratio: Share with a credited source
-- author_ratio: Share with a reporter, correspondent or author
-- editor_ratio: Share with an editor
-- body_ratio: Share with a body
-- feed_ratio: Share of all captures that show a headline feed

with sources as (
    select distinct version_id
    from article_sources
),

people as (
    select
        version_id,
        bool_or(person_role in ('reporter', 'correspondent', 'author')) as has_author,
        bool_or(person_role in ('editor', 'responsible_editor')) as has_editor,
    from article_people
    group by version_id
),

read_versions as (
    select
        version_id,
        versions.published_at is not null as has_published_at,
        versions.channel_id is not null as has_channel,
        versions.char_count > 0 as has_body,
        sources.version_id is not null as has_source,
        coalesce(people.has_author, false) as has_author,
        coalesce(people.has_editor, false) as has_editor,
    from article_versions as versions
    left join sources using (version_id)
    left join people using (version_id)
)

select
    captures.site,
    captures.layout_fingerprint,
    captures.parser_version,
    (captures.captured_at at time zone 'UTC')::date as captured_date,
    count(*) as capture_count,
    avg((captures.version_id is not null)::int) as article_ratio,
    avg(captures.coverage_ratio) as coverage_ratio,
    avg(read_versions.has_published_at::int) as published_at_ratio,
    avg(read_versions.has_channel::int) as channel_ratio,
    avg(read_versions.has_source::int) as source_ratio,
    avg(read_versions.has_author::int) as author_ratio,
    avg(read_versions.has_editor::int) as editor_ratio,
    avg(read_versions.has_body::int) as body_ratio,
    avg((captures.capture_id in (select capture_id from headline_feed_observations))::int) as feed_ratio,
from captures
left join read_versions using (version_id)
group by captures.site, captures.layout_fingerprint, captures.parser_version, captured_date
