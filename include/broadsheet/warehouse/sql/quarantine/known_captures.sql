-- Captures whose bytes are in the raw zone, behind rejections of `picked` and of the runs that they are from: those that are published, and those
-- that were rejected themselves, as their rejections keep them. `rejecting_run_ids` are the runs that rejected these.
with rejected as (
    select
        run_id as rejecting_run_id,
        quarantined_at,
        from_json(
            row_json,
            '{"capture_id": "VARCHAR", "content_sha256": "VARCHAR", "byte_count": "BIGINT", "media_type": "VARCHAR", "input_path": "VARCHAR",
              "captured_before": "VARCHAR", "http_status": "INTEGER", "http_charset": "VARCHAR", "charset": "VARCHAR", "charset_basis": "VARCHAR",
              "url": "VARCHAR", "site": "VARCHAR", "site_basis": "VARCHAR", "captured_at": "VARCHAR", "captured_at_basis": "VARCHAR",
              "time_zone": "VARCHAR", "stated_profile": "VARCHAR", "raw_file": "VARCHAR", "raw_offset": "BIGINT", "raw_length": "BIGINT"}'
        ) as delivered
    from quarantine
    where row_json is not null
        and ((stage = 'extract' and scope = 'page') or (scope = 'row' and table_name = 'captures'))
        and (
            capture_id in (select capture_id from picked where capture_id is not null)
            or run_id in (select run_id from quarantine semi join (from picked where capture_id is null) using (quarantine_id))
        )
),

unpublished as (
    select
        delivered.capture_id as capture_id,
        first(rejecting_run_id order by quarantined_at, rejecting_run_id) as run_id,
        list(distinct rejecting_run_id) as rejecting_run_ids,
        first(delivered order by quarantined_at, rejecting_run_id) as delivered,
        min(runs.started_at) as first_started_at,
    from rejected
    join runs on runs.run_id = rejected.rejecting_run_id
    where delivered.capture_id is not null and delivered.raw_file is not null and delivered.content_sha256 is not null
    group by delivered.capture_id
    having delivered.capture_id not in (select capture_id from captures)
)

select captures.*, null::varchar[] as rejecting_run_ids
from captures

union all by name

select
    unpublished.* exclude (delivered, first_started_at),
    delivered.* exclude (capture_id, time_zone, captured_at, captured_before, captured_at_basis, site_basis, raw_offset),
    -- what a capture says by default is not written
    coalesce(delivered.captured_at_basis, 'none') as captured_at_basis,
    coalesce(delivered.site_basis, 'none') as site_basis,
    coalesce(delivered.raw_offset, 0) as raw_offset,
    -- a rejected page has it of its source alone, a row of `captures` not at all
    delivered.time_zone as source_time_zone,
    delivered.captured_at::timestamptz as captured_at,
    case
        when delivered.captured_at is null then coalesce(delivered.captured_before::timestamptz, first_started_at)
    end as captured_before,
from unpublished
