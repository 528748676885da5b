-- What each site has, the most captured first: $site_limit of them.
with seen as (
    select site, count(*) as capture_count, max(captured_at) as last_captured_at
    from captures
    group by site
),

written as (
    select site, count(*) as article_count, max(published_at) as last_published_at
    from articles
    where article_id not in (select article_id from article_aliases)
    group by site
),

promoted as (
    select site, count(*) as feed_count
    from headline_feeds
    group by site
)

select
    site,
    sites.time_zone,
    seen.capture_count,
    seen.last_captured_at,
    coalesce(written.article_count, 0) as article_count,
    written.last_published_at,
    coalesce(promoted.feed_count, 0) as feed_count,
    count(*) over () as site_count,
from seen
join sites using (site)
left join written using (site)
left join promoted using (site)
order by seen.capture_count desc, site
limit $site_limit
