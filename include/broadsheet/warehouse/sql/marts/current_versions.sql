-- One row per article that stands for itself, with the version that was seen last under any of its ids.
-- A version without a known time cannot be the later one; of two that were seen last at one instant it is that of the greater id.
--
-- article_id: Article; the one that stands where it has several ids (`article_aliases`)
-- version_id: Version that was seen last
-- version_count: Versions seen, of all its ids
-- capture_count: Captures of the article, under all its ids
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
    coalesce(aliases.standing_article_id, versions.article_id) as article_id,
    arg_max(version_id, {seen_at: coalesce(seen.last_captured_at, '-infinity'), id: version_id}) as version_id,
    count(*) as version_count,
    sum(seen.capture_count)::bigint as capture_count,
    min(seen.first_captured_at) as first_captured_at,
    max(seen.last_captured_at) as last_captured_at,
from article_versions as versions
left join seen using (version_id)
left join article_aliases as aliases on aliases.article_id = versions.article_id
group by coalesce(aliases.standing_article_id, versions.article_id)
