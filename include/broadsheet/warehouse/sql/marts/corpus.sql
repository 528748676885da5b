-- One row per distinct text, of the versions that were seen last.
-- For builders of corpora: each text once, with where it came from and what the page says of rights. Texts are one if their letters and digits
-- are; of articles that share one it is the one that was published first, unknown times last. Texts that are merely alike share a `cluster_id`.
--
-- body_sha256: SHA-256 of the text
-- body_text: Body paragraphs joined by newlines
-- char_count: Non-blank characters
-- language: Language of the page, ISO 639-1
-- article_id: Article
-- version_id: Version
-- site: Site
-- canonical_url: URL; NULL when unknown
-- headline: Headline
-- published_at: Publication time
-- origin: Outlets credited as origin; NULL if there is none
-- rights_notice: Rights notice as displayed; NULL if there is none
-- rights_applies: Whether the notice covers this article
-- cluster_id: Cluster of reprints that the article is in; NULL if it is in none
-- article_count: Articles that have this text
-- site_count: Sites that have this text
-- capture_id: Capture that the version was read from first
-- content_sha256: SHA-256 of that capture's bytes, by which the raw zone has them
-- parser_version: Version of the page kernel that read it

with texts as (
    select
        coalesce(versions.text_id, versions.body_sha256) as text_id,
        arg_min(version_id, {published_at: coalesce(versions.published_at, 'infinity'), id: version_id}) as version_id,
        arg_min(current_versions.article_id, {published_at: coalesce(versions.published_at, 'infinity'), id: version_id}) as article_id,
        count(*) as article_count,
        count(distinct articles.site) as site_count,
    from current_versions
    join article_versions as versions using (version_id)
    join articles on articles.article_id = current_versions.article_id
    where versions.char_count > 0
    group by coalesce(versions.text_id, versions.body_sha256)
),

origins as (
    select s.version_id, in_order(list({position: s.position, item: s.outlet_name})) as origin
    from article_sources as s
    where s.source_role = 'origin'
    group by s.version_id
)

select
    versions.body_sha256,
    versions.body_text,
    versions.char_count,
    versions.language,
    articles.article_id,
    version_id,
    articles.site,
    articles.canonical_url,
    versions.headline,
    versions.published_at,
    origins.origin,
    versions.rights_notice,
    versions.rights_applies,
    members.cluster_id,
    texts.article_count,
    texts.site_count,
    captures.capture_id,
    captures.content_sha256,
    captures.parser_version,
from texts
join article_versions as versions using (version_id)
join articles on articles.article_id = texts.article_id
left join reprint_members as members on members.article_id = texts.article_id
join captures on captures.capture_id = versions.first_capture_id
left join origins using (version_id)
