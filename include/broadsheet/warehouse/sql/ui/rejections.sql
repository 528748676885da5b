-- Open rejections, the last first.
select
    quarantine_id,
    stage,
    scope,
    table_name,
    reasons,
    coalesce(input_path, row_key, capture_id) as what,
    detail,
    site,
    capture_id,
    run_id,
    quarantined_at,
    replay_count,
    count(*) over () as rejection_count,
from open_quarantine
where ($reason is null or list_contains(reasons, $reason))
    and ($site is null or site = $site)
    and ($run_id is null or quarantine_id in (select quarantine_id from quarantine where run_id = $run_id))
order by quarantined_at desc, quarantine_id
limit $row_limit
