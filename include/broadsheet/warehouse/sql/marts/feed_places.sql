-- One row per day of a feed and place in its headlines.
-- The share of the feed's slots that headlines naming the place held. A slot is one rank of one observed state. Shares of a day need not add up
-- to 1: a headline may name several places or none. Which words are places is inferred (see `headline_places`).
--
-- site: Site
-- feed_id: Feed
-- feed_label: Heading of the feed
-- observed_date: Day in the site's zone
-- place_name: Province, city, county or town
-- headline_count: Different headlines
-- slot_count: Slots that they held
-- slot_ratio: Share of the feed's slots on that day

with totals as (
    select site, feed_id, observed_date, sum(slot_count) as slot_count
    from headline_feed_days
    group by site, feed_id, observed_date
),

held as (
    select
        days.site,
        days.feed_id,
        days.observed_date,
        places.place_name,
        count(*) as headline_count,
        sum(days.slot_count)::bigint as slot_count,
    from headline_feed_days as days
    join headline_places as places using (feed_headline_id)
    group by days.site, days.feed_id, days.observed_date, places.place_name
)

select
    held.site,
    feed_id,
    feeds.feed_label,
    observed_date,
    held.place_name,
    held.headline_count,
    held.slot_count,
    held.slot_count / totals.slot_count as slot_ratio,
from held
join totals using (site, feed_id, observed_date)
join headline_feeds as feeds using (feed_id)
