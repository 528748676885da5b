-- Feeds that were seen, by day and site, of the last days with captures; sites beyond the nine with most are one.
with recent as (
    select observed_date as day, site, count(*) as counted
    from feed_days
    where observed_date in (select distinct captured_date from site_days order by all desc limit $days)
    group by all
),

largest as (
    select site
    from recent
    group by site
    order by sum(counted) desc, site
    limit 9
)

select day, case when site in (from largest) then site else $others end as shown_site, sum(counted)::bigint as counted
from recent
group by all
order by day, shown_site
