-- Captures by the beginning of their id or of their article's, or by their URL; without any, the last ones.
with found as (
    select capture_id, site, url, captured_at, page_kind, article_id, version_id, coverage_ratio
    from captures
    where ($site is null or site = $site)
        and ($id is null or starts_with(capture_id, $id) or starts_with(article_id, $id))
        and ($url is null or url = $url or canonical_url = $canonical_url)
    order by captured_at desc nulls last, capture_id
    limit $row_limit
)

select found.*, versions.headline, sites.time_zone
from found
join sites using (site)
left join article_versions as versions on versions.version_id = found.version_id
order by found.captured_at desc nulls last, found.capture_id
