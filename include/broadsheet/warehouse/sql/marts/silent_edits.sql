-- One row per change of an article between two captures that follow each other.
-- The page changed after `changed_after` and not after `changed_before`. What the site says of the change it does not say here: an edit whose
-- displayed publication time moved along (`is_published_at_changed`) is the less silent one.
--
-- article_id: Article; captures of its other ids (`article_aliases`) are compared among themselves
-- site: Site
-- version_id_before: Version before
-- version_id: Version after
-- published_at: Publication time as the version before shows it
-- changed_after: Last capture of the version before
-- changed_before: First capture of the version after
-- hours_at_least: Hours from publication to `changed_after`; NULL where the publication time is not known to the minute
-- hours_at_most: Hours from publication to `changed_before`; NULL likewise
-- is_headline_changed: Whether headline, subtitle, kicker or campaign tag changed, blanks and width of characters aside
-- is_body_changed: Whether the body changed; beside a changed headline, its letters and digits
-- is_published_at_changed: Whether the displayed publication time changed
-- headline_before: Headline of the version before as displayed
-- headline_after: Headline of the version after as displayed
-- headline_edit_distance: Characters to insert, delete or replace to make the one headline the other
-- char_count_before: Non-blank characters of the body before
-- char_count_after: Non-blank characters of the body after

with edited as not materialized (
    select article_id
    from article_versions
    group by article_id
    having count(*) > 1
),

sightings as (
    -- two captures of one instant that disagree count once, by the smaller version id
    select captures.article_id, captures.captured_at, min(captures.version_id) as version_id
    from captures
    semi join edited using (article_id)
    where captures.version_id is not null and captures.captured_at is not null
    group by captures.article_id, captures.captured_at
),

changes as (
    select
        article_id,
        version_id,
        captured_at as changed_before,
        lag(version_id) over article as version_id_before,
        lag(captured_at) over article as changed_after,
    from sightings
    window article as (partition by article_id order by captured_at)
    qualify version_id <> version_id_before
),

headlines as not materialized (
    select
        h.version_id,
        max(h.headline_raw) filter (h.headline_role = 'main') as displayed,
        blankless(array_to_string(in_order(list({role: h.headline_role, position: h.position, item: h.headline_raw})), '')) as blankless,
    from article_headlines as h
    semi join (from article_versions semi join edited using (article_id)) as versions on versions.version_id = h.version_id
    where h.headline_role not in ('original', 'original_subtitle')
    group by h.version_id
),

compared as (
    select
        changes.*,
        v.site,
        before.published_at,
        before.published_at_precision,
        headlines_before.blankless is distinct from headlines_after.blankless as is_headline_changed,
        before.published_at_local is distinct from v.published_at_local as is_published_at_changed,
        before.body_sha256 <> v.body_sha256 as is_body_different,
        coalesce(before.text_id, before.body_sha256) <> coalesce(v.text_id, v.body_sha256) as are_letters_changed,
        headlines_before.displayed as headline_before,
        headlines_after.displayed as headline_after,
        before.char_count as char_count_before,
        v.char_count as char_count_after,
    from changes
    join article_versions as v on v.version_id = changes.version_id
    join article_versions as before on before.version_id = changes.version_id_before
    left join headlines as headlines_after on headlines_after.version_id = changes.version_id
    left join headlines as headlines_before on headlines_before.version_id = changes.version_id_before
)

select
    article_id,
    site,
    version_id_before,
    version_id,
    published_at,
    changed_after,
    changed_before,
    case when published_at_precision <> 'day' then round(epoch(changed_after - published_at) / 3600, 2) end as hours_at_least,
    case when published_at_precision <> 'day' then round(epoch(changed_before - published_at) / 3600, 2) end as hours_at_most,
    is_headline_changed,
    -- versions differ by one of the two; bodies with other signs or blanks may be one body, as different captures show it
    is_body_different and (not is_headline_changed or are_letters_changed or char_count_before <> char_count_after) as is_body_changed,
    is_published_at_changed,
    headline_before,
    headline_after,
    edit_distance(headline_before, headline_after) as headline_edit_distance,
    char_count_before,
    char_count_after,
from compared
