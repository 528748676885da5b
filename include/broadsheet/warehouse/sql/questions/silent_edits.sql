-- How long after publication are articles edited, and what is edited?
-- By the hours within which the edit certainly was made: the capture that shows it first. It may have been made much earlier, but not before the
-- last capture of the version before.

select
    case when hours_at_most <= 6 then 'up to 6' when hours_at_most <= 24 then '6 to 24' else 'more than 24' end as hours_after_publication,
    count(*) as edits,
    count(*) filter (is_headline_changed) as headline_changed,
    count(*) filter (is_body_changed) as body_changed,
    count(*) filter (is_published_at_changed) as time_moved_along,
    max(abs(char_count_after - char_count_before)) as most_characters_more_or_less,
from silent_edits
where hours_at_most is not null
group by hours_after_publication
order by min(hours_at_most)
