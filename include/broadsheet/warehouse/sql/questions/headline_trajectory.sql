-- How did one headline move through the feeds?
-- The story that held the most places. Times are bounds: it came to a rank after `not_at` (NULL: the feed was not seen before) and at the latest at
-- `came_by`; it was gone at the latest at `gone_by` (NULL: the feed was not seen since). `list_of`: the page whose list it is, or `site`.

with story as (
    select article_id
    from promoted_articles
    order by slot_count desc, article_id
    limit 1
)

select
    feed_label as feed,
    coalesce(feed_url, feed_scope) as list_of,
    rank,
    headline_text as headline,
    strftime(appeared_after, '%m-%d %H:%M') as not_at,
    strftime(first_observed_at, '%m-%d %H:%M') as came_by,
    strftime(gone_before, '%m-%d %H:%M') as gone_by,
from headline_ranks
where article_id = (select article_id from story)
order by first_observed_at, feed, list_of, rank
limit 8
