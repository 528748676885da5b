-- One row per day of a feed and campaign tag in its headlines.
-- The share of the feed's slots that headlines with the tag (【…】 at the beginning) held. A slot is one rank of one observed state; the more
-- often a feed was captured on a day, the finer the share. A NULL tag stands for headlines without one.
--
-- site: Site
-- feed_id: Feed
-- feed_label: Heading of the feed
-- observed_date: Day in the site's zone
-- campaign_tag: Campaign tag, the text between 【 and 】
-- headline_count: Different headlines
-- slot_count: Slots that they held
-- slot_ratio: Share of the feed's slots on that day

with tagged as (
    select
        feed_headline_id,
        nullif(regexp_extract(coalesce(full_headline, headline_text), '^\s*【([^】]{1,40})】', 1), '') as campaign_tag,
    from headline_resolutions
),

held as (
    select
        days.site,
        days.feed_id,
        days.observed_date,
        tagged.campaign_tag,
        count(*) as headline_count,
        sum(days.slot_count)::bigint as slot_count,
    from headline_feed_days as days
    join tagged using (feed_headline_id)
    group by days.site, days.feed_id, days.observed_date, tagged.campaign_tag
)

select
    held.site,
    feed_id,
    feeds.feed_label,
    held.observed_date,
    held.campaign_tag,
    held.headline_count,
    held.slot_count,
    held.slot_count / sum(held.slot_count) over (partition by held.site, feed_id, held.observed_date) as slot_ratio,
from held
join headline_feeds as feeds using (feed_id)
