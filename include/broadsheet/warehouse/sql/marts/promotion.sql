-- One row per channel and day of publication on a site.
-- What was promoted, and what was merely published. An article counts as promoted if a headline feed of any site showed it; where headlines are
-- not resolved (see `feed_health`) there are fewer than there were. NULL channel: no breadcrumb; NULL day: no publication time.
--
-- site: Site
-- channel_path: Breadcrumb of the articles
-- published_date: Day of publication as the site displays it
-- article_count: Articles
-- promoted_count: Articles that a feed showed
-- promoted_ratio: Their share
-- top_count: Articles that a feed showed among its first three
-- slot_count: Places in which they stood: one at each rank of each observed state

select
    articles.site,
    channels.channel_path,
    versions.published_at_local::date as published_date,
    count(*) as article_count,
    count(promoted.article_id) as promoted_count,
    promoted_count / article_count as promoted_ratio,
    count(*) filter (promoted.best_rank <= 3) as top_count,
    coalesce(sum(promoted.slot_count), 0)::bigint as slot_count,
from current_versions
join article_versions as versions using (version_id)
join articles on articles.article_id = current_versions.article_id
left join promoted_articles as promoted on promoted.article_id = current_versions.article_id
left join channels using (channel_id)
group by articles.site, channels.channel_path, published_date
