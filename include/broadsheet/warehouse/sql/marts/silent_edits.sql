-- One row per change of an article between two captures that follow each other.
-- The page changed after `changed_after` and not after `changed_before`. What the site says of the change it does not say here: an edit whose
-- displayed publication time moved along (`is_published_at_changed`) is the less silent one.
--
-- article_id: Article
-- site: Site
-- version_id_before: Version before
-- version_id: Version after
-- published_at: Publication time as the version before shows it
-- changed_after: Last capture of the version before
-- changed_before: First capture of the version after
-- hours_at_least: Hours from publication to `changed_after`; NULL where the publication time is not known to the minute
-- hours_at_most: Hours from publication to `changed_before`; NULL likewise
-- is_headline_changed: Whether headline, subtitle, kicker or campaign tag changed, blanks and width of characters aside
-- is_body_changed: Whether the body changed, blanks and width of characters aside
-- is_published_at_changed: Whether the displayed publication time changed
-- headline_before: Headline of the version before as displayed
-- headline_after: Headline of the version after as displayed
-- headline_edit_distance: Characters to insert, delete or replace to make the one headline the other
-- char_count_before: Non-blank characters of the body before
-- char_count_after: Non-blank characters of the body after

with edited as (
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

changed as (
    select version_id from changes
    union all
    select version_id_before from changes
),

headlines as (
    select
        h.version_id,
        max(h.headline_raw) filter (h.headline_role = 'main') as displayed,
        blankless(array_to_string(in_order(list({role: h.headline_role, position: h.position, item: h.headline_raw})), '')) as blankless,
    from article_headlines as h
    semi join changed using (version_id)
    where h.headline_role not in ('original', 'original_subtitle')
    group by h.version_id
)

select
    changes.article_id,
    v.site,
    changes.version_id_before,
    changes.version_id,
    before.published_at,
    changes.changed_after,
    changes.changed_before,
    case when before.published_at_precision <> 'day' then round(epoch(changes.changed_after - before.published_at) / 3600, 2) end as hours_at_least,
    case when before.published_at_precision <> 'day' then round(epoch(changes.changed_before - before.published_at) / 3600, 2) end as hours_at_most,
    headlines_before.blankless is distinct from headlines_after.blankless as is_headline_changed,
    case
        when before.body_sha256 = v.body_sha256 then false
        when before.char_count <> v.char_count then true
        -- versions differ by one of the two
        when headlines_before.blankless = headlines_after.blankless then true
        else blankless(before.body_text) <> blankless(v.body_text)
    end as is_body_changed,
    before.published_at_local is distinct from v.published_at_local as is_published_at_changed,
    headlines_before.displayed as headline_before,
    headlines_after.displayed as headline_after,
    edit_distance(headlines_before.displayed, headlines_after.displayed) as headline_edit_distance,
    before.char_count as char_count_before,
    v.char_count as char_count_after,
from changes
join article_versions as v on v.version_id = changes.version_id
join article_versions as before on before.version_id = changes.version_id_before
left join headlines as headlines_after on headlines_after.version_id = changes.version_id
left join headlines as headlines_before on headlines_before.version_id = changes.version_id_before
