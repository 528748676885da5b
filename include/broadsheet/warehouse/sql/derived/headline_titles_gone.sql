-- Titles of rows that went that no other row shows.
with standing as (
    select unnest([headlines.headline_raw, headlines.headline_text]) as title, versions.site, null as feed_id, versions.article_id
    from article_headlines as headlines
    join article_versions as versions using (version_id)
    where headlines.headline_role = 'main'
    union all
    select coalesce(shown_full_headline, headline_text), site, null, null
    from related_links
    where shown_full_headline is not null or not is_truncated
    union all
    select coalesce(entries.shown_full_headline, entries.headline_text), entries.site, snapshots.feed_id, null
    from headline_feed_entries as entries
    join headline_feed_snapshots as snapshots using (feed_snapshot_id)
    where entries.shown_full_headline is not null or not entries.is_truncated
)

select titles.title_id
from lost_titles as lost
join headline_titles as titles
    on titles.title = lost.title and titles.site = lost.site
    and titles.feed_id is not distinct from lost.feed_id and titles.article_id is not distinct from lost.article_id
anti join standing
    on standing.title = lost.title and standing.site = lost.site
    and standing.feed_id is not distinct from lost.feed_id and standing.article_id is not distinct from lost.article_id
