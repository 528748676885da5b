-- Captures that were rejected as a whole, and whose rejections say where their bytes are: what `known_captures.sql` finds for a replay.
select capture_id
from quarantine
where capture_id is not null
    and ((stage = 'extract' and scope = 'page') or (scope = 'row' and table_name = 'captures'))
    and json_extract_string(row_json, '$.raw_file') is not null
