-- Entries of the feeds that a capture shows, with what stands behind them.
select
    seen.module_index,
    seen.feed_id,
    feeds.feed_label,
    feeds.is_ranked,
    entries.rank,
    entries.headline_text,
    entries.is_truncated,
    resolutions.resolution_status,
    resolutions.full_headline,
    resolutions.resolved_article_id as article_id,
from headline_feed_observations as seen
join headline_feeds as feeds using (feed_id)
join headline_feed_entries as entries on entries.feed_snapshot_id = seen.feed_snapshot_id and entries.site = seen.site
left join headline_resolutions as resolutions using (feed_headline_id)
where seen.capture_id = $capture_id and seen.site = $site
order by seen.module_index, entries.rank
