-- One row per article of `selected` (rows of current_articles), with its text and all its credits in the version that was seen last.
-- Credits are JSON: lists of structs take half as much memory again while they are gathered.
with articles_in as materialized (
    select
        article_id,
        version_id,
        site,
        channel_path,
        canonical_url,
    from selected
),

headlines as (
    select
        version_id,
        string_agg(to_json({'role': headline_role, 'position': position, 'text': headline_text}), ',') as headlines,
    from article_headlines
    semi join articles_in using (version_id)
    group by version_id
),

people as (
    select
        version_id,
        string_agg(to_json({'role': person_role, 'position': position, 'name': person_name, 'affiliation': affiliation}), ',') as people,
    from article_people
    semi join articles_in using (version_id)
    group by version_id
),

sources as (
    select
        version_id,
        string_agg(to_json({'role': source_role, 'position': position, 'name': outlet_name}), ',') as sources,
    from article_sources
    semi join articles_in using (version_id)
    group by version_id
)

select
    articles_in.article_id,
    articles_in.version_id,
    articles_in.site,
    sites.site_name,
    articles_in.canonical_url as url,
    versions.language,
    versions.headline,
    concat('[', headlines.headlines, ']') as headlines,
    concat('[', people.people, ']') as people,
    concat('[', sources.sources, ']') as sources,
    versions.published_at,
    versions.published_at_local,
    versions.published_at_precision,
    articles_in.channel_path,
    versions.dateline,
    versions.body_text,
    versions.rights_notice,
    versions.rights_applies,
from articles_in
join article_versions as versions using (version_id)
join sites on sites.site = articles_in.site
left join headlines using (version_id)
left join people using (version_id)
left join sources using (version_id)
