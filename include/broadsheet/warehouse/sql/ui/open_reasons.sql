-- Open rejections by reason; one with two reasons counts for each.
select reason, count(*) as rejection_count
from (select unnest(reasons) as reason from open_quarantine)
group by reason
order by rejection_count desc, reason
