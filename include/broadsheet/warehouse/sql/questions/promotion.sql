-- Which channels are promoted, and which are merely published?
-- Articles of a channel, and how many of them a headline feed showed. `slots`: one for each rank of each state of a feed that was seen.

select
    site,
    channel_path as channel,
    sum(article_count) as articles,
    sum(promoted_count) as promoted,
    round(sum(promoted_count) / sum(article_count), 2) as promoted_ratio,
    sum(top_count) as among_first_three,
    sum(slot_count) as slots,
    round(slots / articles, 1) as slots_each,
from promotion
where channel_path is not null
group by site, channel_path
order by slots_each desc, site, channel
limit 8
