-- Open rejections, as the last run that rejected each tells of it; with a run, what that run rejected.
select *, first_quarantined_at as listed_at
from open_quarantine
where $run_id is null or quarantine_id in (select quarantine_id from quarantine where run_id = $run_id)
