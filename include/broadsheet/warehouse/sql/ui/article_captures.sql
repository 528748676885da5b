-- Captures of an article, under any of its ids, the last first.
select capture_id, captured_at, url, version_id
from captures
where article_id = $article_id
    or article_id in (select article_id from article_aliases where standing_article_id = $article_id)
order by captured_at desc nulls last, capture_id
limit $row_limit
