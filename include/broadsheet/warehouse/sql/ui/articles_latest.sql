-- Articles, the last published first.
with latest as (
    select articles.article_id, articles.site, articles.headline, articles.published_at, current_versions.version_id
    from articles
    join current_versions using (article_id)
    where ($site is null or articles.site = $site)
    order by articles.published_at desc nulls last, articles.article_id
    limit $row_limit
)

select latest.article_id, latest.site, latest.headline, latest.published_at, null as snippet, sites.time_zone
from latest
join sites using (site)
order by latest.published_at desc nulls last, latest.article_id
