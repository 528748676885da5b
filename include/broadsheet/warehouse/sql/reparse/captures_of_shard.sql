-- Captures of `chosen` that belong to a shard, in the order in which they were loaded as far as it is known, each with the captures that
-- showed first what it shows too.
with captures_of_shard as (
    select * from chosen where cast('0x' || left(capture_id, 8) as bigint) % $shards = $shard
),

shown as (
    select captures_of_shard.capture_id, article_versions.first_capture_id
    from captures_of_shard
    join article_versions using (version_id)

    union

    select captures_of_shard.capture_id, articles.first_capture_id
    from captures_of_shard
    join articles using (article_id)

    union

    select captures_of_shard.capture_id, headline_feed_snapshots.first_capture_id
    from captures_of_shard
    join headline_feed_observations using (capture_id)
    join headline_feed_snapshots using (feed_snapshot_id)
),

firsts as (
    select capture_id, list(first_capture_id order by first_capture_id) as first_captures
    from shown
    where first_capture_id <> capture_id
    group by capture_id
)

select captures_of_shard.*, coalesce(firsts.first_captures, []) as first_captures
from captures_of_shard
left join firsts using (capture_id)
left join runs using (run_id)
order by
    runs.started_at nulls last,
    split_part(input_path, '#', 1),
    try_cast(split_part(input_path, '#', 2) as double) nulls first,
    capture_id
