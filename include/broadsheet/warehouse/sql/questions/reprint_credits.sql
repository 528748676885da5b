-- What do articles that are reprints, or say so, credit?
-- Counts per site, in the version seen last. `found`: the warehouse has where the text is from. No judgement: what is not there was not on the page,
-- or was not read there.

select
    site,
    count(*) as articles,
    count(*) filter (is_found) as found,
    count(*) filter (is_declared) as declared,
    count(*) filter (is_found and is_declared is not true) as found_only,
    count(*) filter (has_source) as with_source,
    count(*) filter (has_author) as with_author,
    count(*) filter (has_original_title) as with_original_title,
    count(*) filter (has_editor) as with_editor,
from reprint_credits
group by site
order by articles desc, site
limit 8
