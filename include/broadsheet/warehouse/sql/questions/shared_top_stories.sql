-- Which stories were in the top five of several sites within an hour?
-- The hour in which most sites had the story there.

select
    left(headline, 30) as headline,
    strftime(hour_ends_at, '%m-%d %H:%M') as hour_until,
    site_count as sites,
    array_to_string(sites, ', ') as which,
    best_rank,
from shared_top_stories
order by site_count desc, hour_ends_at, story_id
limit 8
