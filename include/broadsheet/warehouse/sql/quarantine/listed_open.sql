-- Open rejections, for a person.
select
    quarantine_id,
    stage,
    scope,
    table_name,
    reasons,
    coalesce(input_path, row_key, capture_id) as what,
    detail,
    run_id,
from open_quarantine
where ($reason is null or list_contains(reasons, $reason))
    and ($site is null or site = $site)
    and ($run_id is null or quarantine_id in (select quarantine_id from quarantine where run_id = $run_id))
order by first_quarantined_at, stage, what, quarantine_id
limit $limit
