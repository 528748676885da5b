-- `rejections` for a person, each with the last that became of it.
select
    quarantine_id,
    stage,
    scope,
    table_name,
    reasons,
    coalesce(input_path, row_key, capture_id) as what,
    detail,
    run_id,
    quarantine_outcome,
from rejections
left join (
    select quarantine_id, arg_max(quarantine_outcome, decided_at) as quarantine_outcome
    from quarantine_outcomes
    group by quarantine_id
) using (quarantine_id)
where ($reason is null or list_contains(reasons, $reason)) and ($site is null or site = $site)
order by listed_at, stage, what, quarantine_id
limit $limit
