-- The captures to read for each rejection of `picked`: its own, or where a row belongs to none (a site, a channel, a feed), those of its site that
-- the runs which rejected it brought.
with brought as (
    select run_id, capture_id
    from known

    union all

    select unnest(rejecting_run_ids), capture_id
    from known

    union all

    -- what the run rejected too, though a replay may have published it since
    select run_id, capture_id
    from quarantine
    where capture_id is not null
)

select picked.quarantine_id, known.capture_id
from picked
join known using (capture_id)

union

select picked.quarantine_id, known.capture_id
from picked
join quarantine using (quarantine_id)
join brought on brought.run_id = quarantine.run_id
join known on known.capture_id = brought.capture_id and (picked.site is null or known.site = picked.site)
where picked.scope = 'row' and picked.capture_id is null
