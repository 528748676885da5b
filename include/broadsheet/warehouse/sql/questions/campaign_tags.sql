-- Which campaigns fill the feeds, day by day?
-- The share of a feed's slots that headlines with the tag held, where it was at least a tenth.

select
    strftime(observed_date, '%Y-%m-%d') as day,
    feed_label as feed,
    campaign_tag,
    headline_count as headlines,
    slot_count as slots,
    round(slot_ratio, 2) as share,
from campaign_tags
where campaign_tag is not null and slot_ratio >= 0.1
order by day, share desc, feed, campaign_tag
limit 8
