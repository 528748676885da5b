-- How were original titles changed?
-- `rewritten`: neither title is a part of the other. The edit distance counts letters and digits to insert, delete or replace.

select
    title_change,
    count(*) as versions,
    round(avg(edit_distance), 1) as edit_distance,
    round(avg(original_letter_count), 1) as original_letters,
    round(avg(headline_letter_count), 1) as headline_letters,
    count(*) filter (is_campaign_tag_added) as with_new_campaign_tag,
    arg_min(original_title, edit_distance) as original_title,
    arg_min(headline, edit_distance) as nearest_headline,
from title_changes
group by title_change
order by versions desc
