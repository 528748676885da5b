-- One row per version that credits an original title.
-- What became of the original title (原标题), compared by letters and digits alone, subtitles included: the `same`; `cut` (the headline is a part
-- of it); `extended` (it is a part of the headline); `edited` (at least half of the letter pairs in common); else `rewritten`. The original title
-- is what this site says it was.
--
-- version_id: Version
-- article_id: Article
-- site: Site
-- published_at: Publication time on this site
-- origin: Outlets credited as origin; NULL if there is none
-- original_title: Original title with its subtitle, as credited
-- headline: Headline with its subtitle, without campaign tag
-- title_change: same, cut, extended, edited or rewritten
-- title_similarity: Share of common letter pairs of the two (Dice)
-- edit_distance: Letters and digits to insert, delete or replace to make the one title the other
-- original_letter_count: Letters and digits of the original title
-- headline_letter_count: Letters and digits of the headline
-- is_campaign_tag_added: Whether the headline has a campaign tag and the original title has none
-- is_subtitle_dropped: Whether the original title has a subtitle and the headline has none

with originals as not materialized (
    select
        version_id,
        array_to_string(in_order(list({role: headline_role, position: position, item: headline_text})), ' ') as original_title,
        bool_or(headline_role = 'original_subtitle') as has_original_subtitle,
    from article_headlines
    where headline_role in ('original', 'original_subtitle')
    group by version_id
),

headlines as (
    select
        h.version_id,
        array_to_string(
            in_order(list({role: h.headline_role, position: h.position, item: h.headline_text}) filter (h.headline_role in ('main', 'subtitle'))), ' '
        ) as headline,
        bool_or(h.headline_role = 'campaign_tag') as has_campaign_tag,
        bool_or(h.headline_role = 'subtitle') as has_subtitle,
    from article_headlines as h
    semi join originals using (version_id)
    group by h.version_id
),

origins as (
    select s.version_id, in_order(list({position: s.position, item: s.outlet_name})) as origin
    from article_sources as s
    semi join originals using (version_id)
    where s.source_role = 'origin'
    group by s.version_id
),

keyed as (
    select
        version_id,
        versions.article_id,
        versions.site,
        versions.published_at,
        originals.original_title,
        originals.has_original_subtitle,
        headlines.headline,
        headlines.has_campaign_tag,
        headlines.has_subtitle,
        headline_key(originals.original_title) as original_key,
        headline_key(headlines.headline) as headline_key,
    from originals
    join headlines using (version_id)
    join article_versions as versions using (version_id)
),

compared as (
    select *, title_similarity(headline_key, original_key) as title_similarity
    from keyed
)

select
    version_id,
    compared.article_id,
    compared.site,
    compared.published_at,
    origins.origin,
    compared.original_title,
    compared.headline,
    title_change(compared.headline_key, compared.original_key, compared.title_similarity) as title_change,
    compared.title_similarity,
    edit_distance(compared.original_key, compared.headline_key) as edit_distance,
    length(compared.original_key) as original_letter_count,
    length(compared.headline_key) as headline_letter_count,
    compared.has_campaign_tag and not contains(compared.original_title, '【') as is_campaign_tag_added,
    compared.has_original_subtitle and not compared.has_subtitle as is_subtitle_dropped,
from compared
left join origins using (version_id)
