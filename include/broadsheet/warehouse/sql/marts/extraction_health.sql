-- One row per site, layout, parser version and day of capture.
-- How much of the pages was read: where a layout changed or a parser broke, shares fall from a day on (`incidents`). Shares are of captures that
-- show an article, and NULL where there is none. Captures of unknown time are in none. `site_days` has the counts.
--
-- site: Site
-- layout_fingerprint: Structural skeleton of the pages
-- parser_version: Version of the page kernel
-- captured_date: Day of capture in the site's zone
-- capture_count: Captures
-- article_ratio: Share of captures that show an article
-- coverage_ratio: Median share of the visible characters that lie in labelled blocks
-- published_at_ratio: Share with a publication time
-- channel_ratio: Share with a breadcrumb
-- source_ratio: Share with a credited source
-- author_ratio: Share with a reporter, correspondent or author
-- editor_ratio: Share with an editor
-- body_ratio: Share with a body
-- feed_ratio: Share of all captures that show a headline feed

select
    site,
    layout_fingerprint,
    parser_version,
    captured_date,
    capture_count,
    article_capture_count / capture_count as article_ratio,
    median_coverage_ratio as coverage_ratio,
    published_at_count / nullif(article_capture_count, 0) as published_at_ratio,
    channel_count / nullif(article_capture_count, 0) as channel_ratio,
    source_count / nullif(article_capture_count, 0) as source_ratio,
    author_count / nullif(article_capture_count, 0) as author_ratio,
    editor_count / nullif(article_capture_count, 0) as editor_ratio,
    body_count / nullif(article_capture_count, 0) as body_ratio,
    feed_capture_count / capture_count as feed_ratio,
from site_days
