-- All rejections, one row for each run that rejected it.
select *, quarantined_at as listed_at
from quarantine
where $run_id is null or run_id = $run_id
