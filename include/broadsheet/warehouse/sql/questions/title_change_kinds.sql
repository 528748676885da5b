-- How often are original titles kept, cut, extended, edited or rewritten?
-- By site; lengths in letters and digits.

select
    site,
    title_change,
    count(*) as versions,
    round(avg(original_letter_count), 1) as original_letters,
    round(avg(headline_letter_count), 1) as headline_letters,
    count(*) filter (is_campaign_tag_added) as tag_added,
    count(*) filter (is_subtitle_dropped) as subtitle_dropped,
from title_changes
group by site, title_change
order by versions desc, site, title_change
limit 8
