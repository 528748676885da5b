-- One row per article that stands for itself, in the version that was seen last.
-- Start here: an article with its credits on one row. What is known under several ids (`article_aliases`) is one row.
--
-- article_id: Article; the one that stands where it has several ids
-- version_id: Version that was seen last
-- site: Site
-- headline: Headline without campaign tag and subtitle
-- displayed_headline: Headline as displayed, with campaign tag and subtitle
-- campaign_tag: Campaign tag, the text between 【 and 】
-- original_title: Title under which the piece first ran, as this site credits it
-- published_at: Publication time
-- published_at_precision: How exact the displayed time is
-- channel_path: Breadcrumb of the article
-- origin: Outlets credited as origin
-- via: Outlets credited as the way it came
-- reporters: Reporters and authors
-- correspondents: Correspondents (通讯员)
-- editors: Editors and responsible editors
-- paragraph_count: Paragraphs of the body
-- char_count: Non-blank characters of the body
-- body_text: Body paragraphs joined by newlines
-- rights_applies: Whether the page's rights notice covers the article
-- version_count: Versions seen, of all its ids
-- capture_count: Captures of the article, under all its ids
-- first_captured_at: First capture with a known time
-- last_captured_at: Last capture with a known time
-- canonical_url: URL

with headlines as (
    select
        version_id,
        max(headline_raw) filter (headline_role = 'main') as displayed_headline,
        max(headline_text) filter (headline_role = 'campaign_tag') as campaign_tag,
        array_to_string(
            in_order(list({role: headline_role, position: position, item: headline_text}) filter (headline_role in ('original', 'original_subtitle'))), ' '
        ) as original_title,
    from article_headlines
    group by version_id
),

sources as (
    select
        version_id,
        in_order(list({position: position, item: outlet_name}) filter (source_role = 'origin')) as origin,
        in_order(list({position: position, item: outlet_name}) filter (source_role = 'via')) as via,
    from article_sources
    group by version_id
),

people as (
    select
        version_id,
        in_order(list({role: person_role, position: position, item: person_name}) filter (person_role in ('reporter', 'author'))) as reporters,
        in_order(list({position: position, item: person_name}) filter (person_role = 'correspondent')) as correspondents,
        in_order(list({role: person_role, position: position, item: person_name}) filter (person_role in ('editor', 'responsible_editor'))) as editors,
    from article_people
    group by version_id
)

select
    current_versions.article_id,
    version_id,
    articles.site,
    versions.headline,
    coalesce(headlines.displayed_headline, versions.headline) as displayed_headline,
    headlines.campaign_tag,
    headlines.original_title,
    versions.published_at,
    versions.published_at_precision,
    channels.channel_path,
    sources.origin,
    sources.via,
    people.reporters,
    people.correspondents,
    people.editors,
    versions.paragraph_count,
    versions.char_count,
    versions.body_text,
    versions.rights_applies,
    current_versions.version_count,
    current_versions.capture_count,
    current_versions.first_captured_at,
    current_versions.last_captured_at,
    articles.canonical_url,
from current_versions
join article_versions as versions using (version_id)
join articles on articles.article_id = current_versions.article_id
left join headlines using (version_id)
left join sources using (version_id)
left join people using (version_id)
left join channels using (channel_id)
