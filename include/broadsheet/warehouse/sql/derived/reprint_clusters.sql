-- One row per cluster.
with counted as (
    select
        cluster_id,
        count(*) as article_count,
        count(distinct site) filter (is_one_site(site, site)) as site_count,
        count(published_at) as dated_count,
        min(published_at) as first_published_at,
        max(published_at) as last_published_at,
    from clustered_articles
    group by cluster_id
),

credited as (
    select versions.cluster_id, sources.outlet_id, count(distinct versions.article_id) as crediting_count
    from article_sources as sources
    join clustered_versions as versions using (version_id)
    where sources.source_role = 'origin'
    group by versions.cluster_id, sources.outlet_id
    qualify crediting_count = max(crediting_count) over (partition by versions.cluster_id)
),

outlets_credited as (
    select cluster_id, min(outlets.outlet_name) as origin_outlet
    from credited
    join outlets using (outlet_id)
    group by cluster_id
    having count(*) = 1
)

select
    counted.*,
    origins.origin_article_id,
    origins.origin_evidence,
    outlets_credited.origin_outlet,
from counted
join origins using (cluster_id)
left join outlets_credited using (cluster_id)
