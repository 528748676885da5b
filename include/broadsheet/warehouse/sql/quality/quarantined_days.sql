-- Rejections by reason and day of the run, of the last days with runs; reasons beyond the ten most frequent are one. A rejection with two
-- reasons counts for each.
with dated as (
    select runs.started_at::date as day, unnest(quarantine.reasons) as reason
    from quarantine
    join runs using (run_id)
),

recent as (
    select day, reason
    from dated
    where day in (select distinct started_at::date from runs order by all desc limit $days)
),

frequent as (
    select reason
    from recent
    group by reason
    order by count(*) desc, reason
    limit 10
)

select
    day,
    case when reason in (from frequent) then reason else 'other reasons' end as shown_reason,
    count(*) as rejection_count,
from recent
group by day, shown_reason
order by day, shown_reason
