-- Which places fill the feeds, day by day?
-- The two places that held most slots of a feed on a day.

select
    strftime(observed_date, '%Y-%m-%d') as day,
    feed_label as feed,
    place_name as place,
    headline_count as headlines,
    round(slot_ratio, 2) as share,
from feed_places
qualify row_number() over (partition by feed_id, observed_date order by slot_count desc, place_name) <= 2
order by day, feed, share desc, place
limit 8
