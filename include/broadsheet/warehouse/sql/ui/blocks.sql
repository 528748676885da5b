select block_index, block_label, block_rule, block_text, char_start, char_end, module_index
from page_blocks
where capture_id = $capture_id and site = $site
order by block_index
limit $row_limit
