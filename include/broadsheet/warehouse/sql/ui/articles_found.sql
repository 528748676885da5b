-- Articles that a question is about.
select
    found.article_id,
    found.site,
    found.headline,
    found.published_at,
    found.snippet,
    sites.time_zone,
from search($question, site := $site, max_rows := $row_limit) as found
join sites on sites.site = found.site
order by found.score desc, found.published_at desc nulls last, found.article_id
