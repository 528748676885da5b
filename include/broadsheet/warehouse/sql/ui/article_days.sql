-- Articles by day of publication, as displayed, and site, of the time that the last days with captures cover.
with covered as (
    select min(captured_date) as first_day, max(captured_date) as last_day
    from (select distinct captured_date from site_days order by all desc limit $days)
)

select published_at_local::date as day, site, count(*) as counted
from articles, covered
where published_at_local >= first_day and published_at_local < last_day + interval 1 day
    and article_id not in (select article_id from article_aliases)
group by all
