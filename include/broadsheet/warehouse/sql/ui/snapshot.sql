-- The published state, with how many rows its tables have, and what waits in quarantine.
select
    snapshot_id,
    snapshot_published_at,
    run_id,
    row_counts_json,
    (select count(*) from open_quarantine) as open_count,
    (select max(captured_at) from captures) as last_captured_at,
from snapshots
order by snapshot_published_at desc, snapshot_id desc
limit 1
