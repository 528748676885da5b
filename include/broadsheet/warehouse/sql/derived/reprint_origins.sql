-- Which article of a cluster is the origin, and what says so. Articles of `clustered` (article_id, cluster_id).
create or replace temp table clustered_versions as
select
    clustered.cluster_id,
    clustered.article_id,
    versions.version_id,
    versions.text_id,
    articles.site,
    versions.headline,
    versions.published_at,
    versions.published_at_precision,
    -- a displayed time stands for all instants that are displayed so
    versions.published_at
    + case versions.published_at_precision when 'day' then interval 1 day when 'minute' then interval 1 minute else interval 1 second end
    as published_before,
from standing_versions as versions
join clustered using (article_id)
join articles using (article_id);

create or replace temp table clustered_articles as
select *
from clustered_versions
qualify row_number() over (partition by article_id order by published_before, version_id) = 1;

-- Sites of other articles of the cluster that an article credits, in whichever version. A name that is its own site's too is its own.
create or replace temp table declared_sites as
with names as (
    select distinct site, unnest([outlet_id, headline_key(site_name), headline_key(site)]) as name
    from sites
),

credits as (
    select
        versions.cluster_id,
        versions.article_id,
        versions.site,
        sources.version_id,
        sources.source_role,
        sources.position,
        unnest([sources.outlet_id, headline_key(sources.outlet_name)]) as name,
    from article_sources as sources
    join clustered_versions as versions using (version_id)
),

named as (
    select
        credits.cluster_id,
        credits.article_id,
        names.site as declared_site,
        bool_or(names.site = credits.site) over (partition by version_id, source_role, position) as is_own,
    from credits
    join names using (name)
)

select distinct named.cluster_id, named.article_id, named.declared_site
from named
semi join clustered_articles as there on there.cluster_id = named.cluster_id and is_one_site(there.site, named.declared_site)
where not named.is_own;

create or replace temp table origins as
with declaring as (
    select
        articles.*,
        -- credited by others, and itself crediting none of them
        exists (from declared_sites as d where d.cluster_id = articles.cluster_id and d.declared_site = articles.site)
        and not exists (from declared_sites as d where d.article_id = articles.article_id)
        as is_declared,
    from clustered_articles as articles
),

bounded as (
    select
        *,
        bool_or(is_declared) over (partition by cluster_id) as has_declared,
        min(published_before) over (partition by cluster_id) as all_before,
        min(published_before) over (partition by cluster_id, is_declared) as like_before,
    from declaring
),

judged as (
    -- out first: before any other that has a time can have come out
    select
        cluster_id,
        article_id,
        is_declared,
        has_declared,
        published_before = all_before and count(published_at) over everyone > 1 and count_if(published_at < all_before) over everyone = 1
        as is_measured,
        count(*) over alike = 1
        or published_before = like_before and count(published_at) over alike > 1 and count_if(published_at < like_before) over alike = 1
        as is_first_alike,
    from bounded
    window everyone as (partition by cluster_id), alike as (partition by cluster_id, is_declared)
),

chosen as (
    -- of several that are credited, the one of them that is out first
    select
        cluster_id,
        article_id as origin_article_id,
        case when not is_declared then 'measured' when is_measured then 'both' else 'declared' end as origin_evidence,
    from judged
    where case when has_declared then is_declared and is_first_alike else is_measured end
)

select *
from (select distinct cluster_id from clustered)
left join chosen using (cluster_id);

-- Texts of members beside those of their origin.
create or replace temp table candidates as
select distinct
    least(members.text_id, there.text_id) as text_id,
    greatest(members.text_id, there.text_id) as other_text_id,
from clustered_versions as members
join origins using (cluster_id)
join clustered_versions as there on there.article_id = origins.origin_article_id
where members.article_id <> there.article_id
  and members.text_id <> there.text_id
