-- One row per person, role, other person and other role that one article of a site credits.
-- The edges of the networks of reporters, correspondents and editors; each edge in both directions. Names are as credited: on another site the
-- same name may be another person.
--
-- site: Site
-- person_name: Person
-- person_role: Role of the person
-- other_name: Person who is credited beside
-- other_role: Role of the other person
-- article_count: Articles that credit both
-- first_published_at: Publication of the first of them; NULL if no time is known
-- last_published_at: Publication of the last of them; NULL likewise

with credits as (
    select distinct versions.article_id, people.site, people.person_name, people.person_role
    from article_people as people
    join article_versions as versions using (version_id)
)

select
    person.site,
    person.person_name,
    person.person_role,
    other.person_name as other_name,
    other.person_role as other_role,
    count(*) as article_count,
    min(articles.published_at) as first_published_at,
    max(articles.published_at) as last_published_at,
from credits as person
join credits as other using (article_id, site)
join articles using (article_id)
where (person.person_name, person.person_role) <> (other.person_name, other.person_role)
group by person.site, person.person_name, person.person_role, other.person_name, other.person_role
