-- One row per article that is a reprint, or says that it is one.
-- What the page of a reprint credits, in the version that was seen last. Facts: what is not there may be missing from the page or was not read
-- there, and a page may be right to name none. An article declares itself a reprint by an original title, an outlet as the way it came, or an
-- origin that is not the outlet of its site.
--
-- article_id: Article
-- version_id: Version that was seen last
-- site: Site
-- headline: Headline
-- published_at: Publication time
-- is_found: Whether an earlier or credited article has its text (`reprint_members`)
-- is_declared: Whether it declares itself a reprint; NULL where it credits an origin and the site's own outlet is not known
-- origins: Outlets credited as origin
-- has_source: Whether it credits an outlet
-- has_author: Whether it credits a reporter, correspondent or author
-- has_original_title: Whether it credits an original title
-- has_editor: Whether it credits an editor

with sources as (
    select
        credits.version_id,
        in_order(list({position: credits.position, item: credits.outlet_name}) filter (credits.source_role = 'origin')) as origins,
        bool_or(credits.source_role = 'via') as has_via,
        bool_or(credits.outlet_id is distinct from sites.outlet_id) filter (credits.source_role = 'origin' and sites.outlet_id is not null) as is_elsewhere,
        bool_or(credits.source_role = 'origin' and sites.outlet_id is null) as is_house_unknown,
    from article_sources as credits
    join sites using (site)
    group by credits.version_id
),

people as (
    select
        version_id,
        bool_or(person_role in ('reporter', 'correspondent', 'author')) as has_author,
        bool_or(person_role in ('editor', 'responsible_editor')) as has_editor,
    from article_people
    group by version_id
),

original_titles as (
    select distinct version_id
    from article_headlines
    where headline_role = 'original'
),

credited as (
    select
        current_versions.article_id,
        version_id,
        versions.site,
        versions.headline,
        versions.published_at,
        members.article_id is not null as is_found,
        case
            when original_titles.version_id is not null or sources.has_via or sources.is_elsewhere then true
            when not coalesce(sources.is_house_unknown, false) then false
        end as is_declared,
        sources.origins,
        sources.version_id is not null as has_source,
        coalesce(people.has_author, false) as has_author,
        original_titles.version_id is not null as has_original_title,
        coalesce(people.has_editor, false) as has_editor,
    from current_versions
    join article_versions as versions using (version_id)
    left join (from reprint_members where reprint_role = 'reprint') as members on members.article_id = current_versions.article_id
    left join sources using (version_id)
    left join people using (version_id)
    left join original_titles using (version_id)
)

select *
from credited
where is_found or is_declared
