-- The capture that shows an article last, under any of its ids; one of known time, if there is any.
select capture_id
from captures
where article_id = $article_id
    or article_id in (select article_id from article_aliases where standing_article_id = $article_id)
order by captured_at desc nulls last, capture_id
limit 1
