-- Number of `rejections` by reason, site and day.
select
    reason,
    site,
    cast(quarantined_at as date) as day,
    count(distinct quarantine_id) as rejection_count,
from (select *, unnest(reasons) as reason from rejections)
where ($reason is null or reason = $reason) and ($site is null or site = $site)
group by all
order by day, reason, site
