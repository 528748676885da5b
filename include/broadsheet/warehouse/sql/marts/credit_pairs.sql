-- One row per person, role, other person and other role that one article of a site credits.
-- The edges of the networks of reporters, correspondents and editors; each edge in both directions. A name is taken to be one person within one
-- outlet or site (`people`): elsewhere the same name is another row, though it may be the same person.
--
-- site: Site
-- person_id: Person
-- person_name: Name in normal form
-- person_role: Role of the person
-- other_id: Person who is credited beside
-- other_name: Name in normal form
-- other_role: Role of the other person
-- article_count: Articles that credit both
-- first_published_at: Publication of the first of them; NULL if no time is known
-- last_published_at: Publication of the last of them; NULL likewise

with credits as (
    select distinct
        coalesce(aliases.standing_article_id, versions.article_id) as article_id,
        credited.person_id,
        credited.person_role,
    from article_people as credited
    join article_versions as versions using (version_id)
    left join article_aliases as aliases on aliases.article_id = versions.article_id
    where credited.person_id is not null
),

pairs as (
    select
        articles.site,
        person.person_id,
        person.person_role,
        other.person_id as other_id,
        other.person_role as other_role,
        count(*) as article_count,
        min(articles.published_at) as first_published_at,
        max(articles.published_at) as last_published_at,
    from credits as person
    join credits as other using (article_id)
    join articles using (article_id)
    where (person.person_id, person.person_role) <> (other.person_id, other.person_role)
    group by articles.site, person.person_id, person.person_role, other.person_id, other.person_role
)

select
    pairs.site,
    pairs.person_id,
    people.person_name,
    pairs.person_role,
    pairs.other_id,
    others.person_name as other_name,
    pairs.other_role,
    pairs.article_count,
    pairs.first_published_at,
    pairs.last_published_at,
from pairs
join people on people.person_id = pairs.person_id
join people as others on others.person_id = pairs.other_id
