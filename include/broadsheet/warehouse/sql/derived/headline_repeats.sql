-- One row per headline that stands more than once in a state of a feed that is new, or of which entries are read otherwise: then those that
-- stayed count as well.
with shown as (
    select feed_snapshot_id, site, feed_headline_id
    from added_headline_feed_entries
    anti join removed_headline_feed_entries using (feed_snapshot_id)
    union all
    select feed_snapshot_id, site, feed_headline_id
    from headline_feed_entries
    semi join removed_headline_feed_entries using (feed_snapshot_id)
),

entries as (
    select shown.feed_snapshot_id, shown.site, resolutions.headline_key
    from shown
    join headline_resolutions as resolutions using (feed_headline_id)
),

repeating as (
    -- a list of hashes for each state costs a small part of what grouping all headlines does
    select feed_snapshot_id
    from entries
    group by feed_snapshot_id
    having list_unique(list(hash(headline_key))) < count(*)
)

select feed_snapshot_id, headline_key, min(site) as site, count(*) as slot_count
from entries
semi join repeating using (feed_snapshot_id)
where headline_key <> ''
group by feed_snapshot_id, headline_key
having count(*) > 1
