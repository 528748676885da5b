-- Captures of an article, under any of its ids, the last first.
with ids as (
    select $article_id as article_id
    union
    select article_id from article_aliases where standing_article_id = $article_id
)

select capture_id, captured_at, url, version_id
from captures
where article_id in (from ids)
order by captured_at desc nulls last, capture_id
limit $row_limit
