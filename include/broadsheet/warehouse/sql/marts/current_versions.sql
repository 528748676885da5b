-- One row per article, with the version that was seen last.
-- A version without a known time cannot be the later one; of two that were seen last at one instant it is that of the greater id.
--
-- article_id: Article
-- version_id: Version that was seen last
-- version_count: Versions seen
-- capture_count: Captures of the article
-- first_captured_at: First capture with a known time
-- last_captured_at: Last capture with a known time

with seen as (
    select
        version_id,
        count(*) as capture_count,
        min(captured_at) as first_captured_at,
        max(captured_at) as last_captured_at,
    from captures
    where version_id is not null
    group by version_id
)

select
    versions.article_id,
    arg_max(version_id, {seen_at: coalesce(seen.last_captured_at, '-infinity'), id: version_id}) as version_id,
    count(*) as version_count,
    sum(seen.capture_count)::bigint as capture_count,
    min(seen.first_captured_at) as first_captured_at,
    max(seen.last_captured_at) as last_captured_at,
from article_versions as versions
left join seen using (version_id)
group by versions.article_id
