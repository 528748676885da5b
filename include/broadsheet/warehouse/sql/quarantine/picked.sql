-- Open rejections of a selection, with the row or what else their last rejection keeps.
select open_quarantine.*, quarantine.row_json
from open_quarantine
join quarantine using (quarantine_id, run_id)
where (len($ids) = 0 or list_contains($ids, quarantine_id))
    and ($reason is null or list_contains(open_quarantine.reasons, $reason))
    and ($site is null or open_quarantine.site = $site)
    and ($run_id is null or quarantine_id in (select quarantine_id from quarantine where run_id = $run_id))
