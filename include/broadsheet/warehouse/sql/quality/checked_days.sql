-- Rows checked and failed by table and day of the run, of the last days with runs. A row that fails two checks counts twice.
with dated as (
    select runs.started_at::date as day, results.*
    from quality_results as results
    join runs using (run_id)
)

select
    day,
    table_name,
    sum(checked_count)::bigint as checked_count,
    sum(failed_count)::bigint as failed_count,
    sum(failed_count) / greatest(sum(checked_count), 1) as failed_ratio,
from dated
where day in (select distinct started_at::date from runs order by all desc limit $days)
group by day, table_name
order by day, table_name
