-- One row per headline that stands more than once in an added state of a feed.
with entries as (
    select entries.feed_snapshot_id, entries.site, resolutions.headline_key
    from added_headline_feed_entries as entries
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
