-- The last runs, the newest first: pages read, what was quarantined, and whether every stage accounts for what came in.
with accounts as (
    select
        run_id,
        coalesce(sum(out_count) filter (stage = 'extract'), 0)::bigint as page_count,
        sum(quarantined_count)::bigint as quarantined_count,
        bool_and(in_count = out_count + quarantined_count) as is_accounted_for,
    from stage_outcomes
    group by run_id
),

checks as (
    select run_id, sum(failed_count)::bigint as failed_count
    from quality_results
    group by run_id
)

select
    runs.run_id,
    runs.started_at,
    runs.run_status,
    coalesce(accounts.page_count, 0) as page_count,
    coalesce(accounts.quarantined_count, 0) as quarantined_count,
    coalesce(checks.failed_count, 0) as failed_count,
    accounts.is_accounted_for,
from runs
left join accounts using (run_id)
left join checks using (run_id)
order by runs.started_at desc, runs.run_id
limit $runs
