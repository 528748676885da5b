-- One row per article version.
-- When a version was seen, from captures with a known time. It came after `appeared_after` and not after `first_observed_at`; it was replaced
-- after `last_observed_at` and not after `replaced_before`. NULL where the article was not seen in another version before or since. A version
-- that came back is one row from its first sight to its last; `silent_edits` has each change.
--
-- version_id: Version
-- article_id: Article; captures of its other ids (`article_aliases`) do not count
-- site: Site
-- published_at: Publication time as this version shows it
-- appeared_after: Last capture of the article before the version was seen first; NULL if there is none
-- first_observed_at: First capture that shows the version
-- last_observed_at: Last capture that shows the version
-- replaced_before: First capture of the article after the version was seen last; NULL if there is none
-- capture_count: Captures that show the version, those of unknown time too

with seen as (
    select
        version_id,
        min(captured_at) as first_observed_at,
        max(captured_at) as last_observed_at,
        count(*) as capture_count,
    from captures
    where version_id is not null
    group by version_id
),

edited as (
    -- only these can have been replaced
    select article_id
    from article_versions
    group by article_id
    having count(*) > 1
),

sightings as (
    select captures.article_id, captures.captured_at
    from captures
    semi join edited using (article_id)
    where captures.version_id is not null and captures.captured_at is not null
)

select
    version_id,
    versions.article_id,
    versions.site,
    versions.published_at,
    -- DuckDB's asof join finds partners for NULL, too
    case when seen.first_observed_at is not null then earlier.captured_at end as appeared_after,
    seen.first_observed_at,
    seen.last_observed_at,
    case when seen.first_observed_at is not null then later.captured_at end as replaced_before,
    coalesce(seen.capture_count, 0) as capture_count,
from article_versions as versions
left join seen using (version_id)
asof left join sightings as earlier on earlier.article_id = versions.article_id and earlier.captured_at < seen.first_observed_at
asof left join sightings as later on later.article_id = versions.article_id and later.captured_at > seen.last_observed_at
