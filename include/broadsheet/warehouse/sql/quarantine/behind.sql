-- The captures to read for each rejection of `picked`: its own, or where a row belongs to none (a site, a channel, a feed), those of its site that
-- the runs which rejected it brought.
select picked.quarantine_id, known.capture_id
from picked
join known using (capture_id)

union

select picked.quarantine_id, known.capture_id
from picked
join quarantine using (quarantine_id)
join known
    on (known.run_id = quarantine.run_id or list_contains(known.rejecting_run_ids, quarantine.run_id))
    and (picked.site is null or known.site = picked.site)
where picked.scope = 'row' and picked.capture_id is null
