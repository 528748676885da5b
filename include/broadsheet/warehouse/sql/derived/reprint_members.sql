-- One row per article of a cluster, beside the version of its origin that it is most like.
with compared as (
    select
        members.article_id,
        members.version_id,
        there.version_id as origin_version_id,
        left(headline_key(members.headline), 200) as title_key,
        left(headline_key(there.headline), 200) as origin_title_key,
        case when members.text_id = there.text_id then 1.0 else measured.similarity end as similarity,
        case when members.text_id = there.text_id then 1.0 else measured.containment end as containment,
    from clustered_versions as members
    join origins using (cluster_id)
    join clustered_versions as there on there.article_id = origins.origin_article_id and there.article_id <> members.article_id
    left join measured
        on measured.text_id = least(members.text_id, there.text_id)
        and measured.other_text_id = greatest(members.text_id, there.text_id)
),

nearest as (
    select *
    from compared
    qualify row_number() over (
        partition by article_id order by similarity desc, title_key = origin_title_key desc, version_id, origin_version_id
    ) = 1
),

titled as (
    select
        *,
        title_similarity(title_key, origin_title_key) as title_similarity,
    from nearest
),

credits as (
    select version_id, credit_raw
    from article_sources
    semi join clustered_versions using (version_id)
    qualify row_number() over (partition by version_id order by source_role, position) = 1
),

joined as (
    select
        articles.cluster_id,
        articles.article_id,
        coalesce(titled.version_id, articles.version_id) as version_id,
        articles.site,
        articles.published_at,
        articles.published_at_precision,
        origins.origin_article_id,
        titled.origin_version_id,
        titled.article_id is not null as is_reprint,
        there.site as origin_site,
        there.published_at as origin_published_at,
        there.published_at_precision as origin_precision,
        there.published_before <= articles.published_at as is_later,
        declared_sites.declared_site is not null as is_credited,
        titled.title_key,
        titled.origin_title_key,
        titled.title_similarity,
        titled.similarity,
        titled.containment,
    from clustered_articles as articles
    join origins using (cluster_id)
    left join clustered_articles as there on there.article_id = origins.origin_article_id
    left join titled on titled.article_id = articles.article_id
    left join declared_sites on declared_sites.article_id = articles.article_id and declared_sites.declared_site = there.site
)

select
    joined.cluster_id,
    joined.article_id,
    joined.version_id,
    joined.site,
    joined.published_at,
    joined.published_at_precision,
    case when is_reprint then 'reprint' when origin_article_id is not null then 'origin' end as reprint_role,
    joined.origin_article_id,
    joined.origin_version_id,
    case
        when not is_reprint then null
        when is_credited and is_later then 'both'
        when is_credited then 'declared'
        when is_later then 'measured'
    end as origin_evidence,
    case when is_reprint and is_one_site(site, site) and is_one_site(origin_site, origin_site) then site = origin_site end as is_origin_site,
    credits.credit_raw,
    joined.similarity,
    joined.containment,
    case
        when is_reprint and published_at_precision <> 'day' and origin_precision <> 'day'
            then date_diff('second', origin_published_at, joined.published_at)
    end as lag_seconds,
    case when is_reprint then title_change(title_key, origin_title_key, title_similarity) end as title_change,
    joined.title_similarity,
from joined
left join credits using (version_id)
