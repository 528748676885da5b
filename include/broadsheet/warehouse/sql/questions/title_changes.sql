-- How were original titles changed?
-- Of one site: the title that a version credits as the original one beside the headline that it has. `edited`: at least half of
-- the letter pairs are common; `rewritten`: fewer, and neither is a part of the other. The edit distance counts letters and digits.

select
    title_change,
    edit_distance,
    original_title,
    headline,
    is_campaign_tag_added as tag_added,
    array_to_string(origin, ', ') as origin,
from title_changes
where site = 'haidu.example'
order by edit_distance, version_id
limit 6
