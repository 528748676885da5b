-- The capture that shows an article last, under any of its ids; one of known time, if there is any.
with ids as (
    select $article_id as article_id
    union
    select article_id from article_aliases where standing_article_id = $article_id
)

select capture_id
from captures
where article_id in (from ids)
order by captured_at desc nulls last, capture_id
limit 1
