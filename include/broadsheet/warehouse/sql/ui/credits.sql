-- What a version is headed with and credits: kind (headline, source, person), role, text, place.
select 1 as kind_order, 'headline' as kind, headline_role as role, headline_text as said, null as affiliation, position
from article_headlines
where version_id = $version_id
union all
select 2, 'source', source_role, outlet_name, null, position
from article_sources
where version_id = $version_id
union all
select 3, 'person', person_role, person_name, affiliation, position
from article_people
where version_id = $version_id
order by kind_order, role, position
