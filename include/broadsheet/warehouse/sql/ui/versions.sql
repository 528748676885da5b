-- Versions of an article, under any of its ids, with the captures that show them.
with ids as (
    select $article_id as article_id
    union
    select article_id from article_aliases where standing_article_id = $article_id
),

seen as (
    select version_id, count(*) as capture_count, min(captured_at) as first_captured_at, max(captured_at) as last_captured_at
    from captures
    where article_id in (from ids) and version_id is not null
    group by version_id
)

select
    versions.version_id,
    versions.headline,
    versions.char_count,
    coalesce(seen.capture_count, 0) as capture_count,
    seen.first_captured_at,
    seen.last_captured_at,
from article_versions as versions
left join seen using (version_id)
where versions.article_id in (from ids)
order by seen.first_captured_at nulls last, versions.version_id
limit $row_limit
