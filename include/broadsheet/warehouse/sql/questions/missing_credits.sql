-- Which reprints lack source, author, original title or editor?
-- Counts of what the page of a reprint does not show, or what was not read there. No judgement: a page may be right to name none.

select
    site,
    count(*) as reprints,
    count(*) filter (not has_source) as without_source,
    count(*) filter (not has_author) as without_author,
    count(*) filter (not has_original_title and title_change <> 'same') as changed_title_without_original,
    count(*) filter (not has_editor) as without_editor,
from reprints
where not is_origin_site
group by site
order by reprints desc, site
