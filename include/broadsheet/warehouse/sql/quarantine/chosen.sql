-- The rejections of `picked`, and the other open ones of the captures `behind` them, which are read with them; each with its captures.
with captures_of as (
    select quarantine_id, list(capture_id order by capture_id) as captures
    from behind
    group by quarantine_id
),

others as (
    select open_quarantine.*, [capture_id] as captures
    from open_quarantine
    semi join behind using (capture_id)
    anti join picked using (quarantine_id)
    where stage <> 'capture'
)

select quarantine_id, stage, scope, table_name, row_key, reasons, site, capture_id, input_path, row_json, captures
from picked
left join captures_of using (quarantine_id)

union all

select quarantine_id, stage, scope, table_name, row_key, reasons, site, capture_id, input_path, null, captures
from others

order by quarantine_id
