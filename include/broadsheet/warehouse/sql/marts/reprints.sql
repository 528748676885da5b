-- One row per article that is a reprint of another.
-- Chains of reprints: what was taken over from whom, after how long, under which title, and what is credited. Reprints of an origin that is not
-- in the warehouse are in `reprint_members` alone. Positions and lags are of publication times known better than by the day, NULL otherwise; times
-- are as the sites display them.
--
-- cluster_id: Cluster of articles that have the same or a like text
-- article_id: Reprint
-- version_id: Version of it that is most like the origin
-- site: Site of the reprint
-- headline: Headline of the reprint
-- published_at: Publication time of the reprint
-- chain_position: Place among the cluster's reprints by publication time, from 1
-- lag_seconds: Seconds after the origin's publication; negative where a credited origin came out later
-- step_seconds: Seconds after the reprint before it; NULL for the first
-- origin_article_id: Origin
-- origin_site: Site of the origin
-- origin_headline: Headline of the origin's version that is most like this one
-- origin_evidence: What says which article is the origin: declared, measured or both
-- is_origin_site: Whether the reprint is on the origin's site; NULL when a site is not known
-- credit_raw: First credit of a source as displayed
-- similarity: Estimated share of common shingles among all of both texts
-- containment: Estimated share of common shingles in the shorter text
-- title_change: Headline beside the origin's: same, cut, extended, edited or rewritten
-- has_source: Whether it credits an outlet
-- has_author: Whether it credits a reporter, correspondent or author
-- has_original_title: Whether it credits an original title
-- has_editor: Whether it credits an editor

with reprints as not materialized (
    select *
    from reprint_members
    where reprint_role = 'reprint'
),

placed as (
    select
        article_id,
        row_number() over chain as chain_position,
        date_diff('second', lag(published_at) over chain, published_at) as step_seconds,
    from reprints
    where published_at_precision <> 'day'
    window chain as (partition by cluster_id order by published_at, article_id)
),

sources as (
    select distinct s.version_id
    from article_sources as s
    semi join reprints using (version_id)
),

people as (
    select
        p.version_id,
        bool_or(p.person_role in ('reporter', 'correspondent', 'author')) as has_author,
        bool_or(p.person_role in ('editor', 'responsible_editor')) as has_editor,
    from article_people as p
    semi join reprints using (version_id)
    group by p.version_id
),

original_titles as (
    select distinct h.version_id
    from article_headlines as h
    semi join reprints using (version_id)
    where h.headline_role = 'original'
)

select
    reprints.cluster_id,
    reprints.article_id,
    reprints.version_id,
    reprints.site,
    versions.headline,
    reprints.published_at,
    placed.chain_position,
    reprints.lag_seconds,
    placed.step_seconds,
    reprints.origin_article_id,
    origin.site as origin_site,
    origin.headline as origin_headline,
    reprints.origin_evidence,
    reprints.is_origin_site,
    reprints.credit_raw,
    reprints.similarity,
    reprints.containment,
    reprints.title_change,
    sources.version_id is not null as has_source,
    coalesce(people.has_author, false) as has_author,
    original_titles.version_id is not null as has_original_title,
    coalesce(people.has_editor, false) as has_editor,
from reprints
join article_versions as versions on versions.version_id = reprints.version_id
join article_versions as origin on origin.version_id = reprints.origin_version_id
left join placed on placed.article_id = reprints.article_id
left join sources on sources.version_id = reprints.version_id
left join people on people.version_id = reprints.version_id
left join original_titles on original_titles.version_id = reprints.version_id
