-- How much of the pages is read, by site and layout?
-- Shares of the pages that show an article, on the latest day of each site. `drift` tells where they fell.

select
    site,
    layout_fingerprint as layout,
    captured_date as day,
    capture_count as captures,
    round(article_ratio, 2) as articles,
    round(coverage_ratio, 2) as coverage,
    round(published_at_ratio, 2) as with_time,
    round(source_ratio, 2) as with_source,
    round(author_ratio, 2) as with_author,
    round(editor_ratio, 2) as with_editor,
from extraction_health
qualify captured_date = max(captured_date) over (partition by site)
order by captures desc, site, layout
limit 8
