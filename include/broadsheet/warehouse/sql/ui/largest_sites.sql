-- What another query counts by day and site; sites beyond the nine with most are one.
with recent as (
    $recent
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
