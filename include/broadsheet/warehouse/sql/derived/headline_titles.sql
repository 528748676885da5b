-- Widths at which the touched feeds cut their headlines. The one of most states is the feed's; of equal ones the smaller.
create or replace temp table touched_feeds as
select feed_id from added_headline_feed_snapshots
union
select feed_id from removed_headline_feed_snapshots
union
select feed_id from added_headline_feed_observations
union
select feed_id from removed_headline_feed_observations;

create or replace temp table feed_widths as
with observed as (
    select
        feed_snapshot_id,
        min(observed_at) as first_observed_at,
        max(observed_at) as last_observed_at,
    from headline_feed_observations
    semi join touched_feeds using (feed_id)
    group by feed_snapshot_id
)
select
    snapshots.feed_id,
    snapshots.width_limit,
    min(snapshots.site) as site,
    count(*) as feed_snapshot_count,
    min(observed.first_observed_at) as first_observed_at,
    max(observed.last_observed_at) as last_observed_at,
    row_number() over (partition by snapshots.feed_id order by count(*) desc, snapshots.width_limit) = 1 as is_learned,
from headline_feed_snapshots as snapshots
semi join touched_feeds using (feed_id)
left join observed using (feed_snapshot_id)
where snapshots.width_limit is not null
group by snapshots.feed_id, snapshots.width_limit;

-- Full headlines that rows show: of articles, of links, of uncut entries.
create or replace temp table fresh_titles as
select distinct title, site, feed_id, article_id
from (
    select unnest([headlines.headline_raw, headlines.headline_text]) as title, versions.site, null as feed_id, versions.article_id
    from added_article_headlines as headlines
    join article_versions as versions using (version_id)
    where headlines.headline_role = 'main'
    union all
    select coalesce(shown_full_headline, headline_text), site, null, null
    from added_related_links
    where shown_full_headline is not null or not is_truncated
    union all
    select coalesce(entries.shown_full_headline, entries.headline_text), entries.site, snapshots.feed_id, null
    from added_headline_feed_entries as entries
    join headline_feed_snapshots as snapshots using (feed_snapshot_id)
    where entries.shown_full_headline is not null or not entries.is_truncated
);

-- Those of rows that went.
create or replace temp table lost_titles as
select unnest([headlines.headline_raw, headlines.headline_text]) as title, versions.site, null as feed_id, versions.article_id
from removed_article_headlines as headlines
join (
    select version_id, site, article_id from removed_article_versions
    union
    select version_id, site, article_id from article_versions semi join removed_article_headlines using (version_id)
) as versions using (version_id)
where headlines.headline_role = 'main'
union
select coalesce(shown_full_headline, headline_text), site, null, null
from removed_related_links
union
select coalesce(entries.shown_full_headline, entries.headline_text), entries.site, snapshots.feed_id, null
from removed_headline_feed_entries as entries
join (
    select feed_snapshot_id, feed_id from removed_headline_feed_snapshots
    union
    select feed_snapshot_id, feed_id from headline_feed_snapshots semi join removed_headline_feed_entries using (feed_snapshot_id)
) as snapshots using (feed_snapshot_id)
