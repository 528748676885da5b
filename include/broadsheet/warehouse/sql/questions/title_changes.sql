-- How were original titles changed?
-- The smallest changes of each site: the title that a version credits as the original one beside the headline that it has. `edited`:
-- at least half of the letter pairs are common; `rewritten`: fewer, and neither is a part of the other. The edit distance counts letters
-- and digits.

select
    site,
    title_change,
    edit_distance,
    original_title,
    headline,
    is_campaign_tag_added as tag_added,
    array_to_string(origin, ', ') as origin,
from title_changes
qualify row_number() over (partition by site order by edit_distance, version_id) <= 3
order by site, edit_distance, version_id
limit 12
