-- Number of `rejections` by reason, site and day.
select
    reason,
    site,
    cast(quarantined_at as date) as day,
    count(distinct quarantine_id) as rejection_count,
from (select *, unnest(reasons) as reason from rejections)
where ($reason is null or reason = $reason)
    and ($site is null or site = $site)
    and ($run_id is null or quarantine_id in (select quarantine_id from quarantine where run_id = $run_id))
group by all
order by day, reason, site
