-- One row per article that stands for itself, in the version that was seen last under any of its ids.
with seen as (
    select
        version_id,
        count(*) as capture_count,
        min(captured_at) as first_captured_at,
        max(captured_at) as last_captured_at,
    from captures
    where version_id is not null
    group by version_id
),

ranked as (
    select
        v.* replace (coalesce(aliases.standing_article_id, v.article_id) as article_id),
        count(*) over article as version_count,
        sum(seen.capture_count) over article as capture_count,
        min(seen.first_captured_at) over article as first_captured_at,
        max(seen.last_captured_at) over article as last_captured_at,
        -- a version without a known time cannot be the later one; ties go to the one loaded last
        row_number() over (article order by seen.last_captured_at desc nulls last, v.rowid desc) as recency,
    from article_versions as v
    left join seen using (version_id)
    left join article_aliases as aliases using (article_id)
    window article as (partition by coalesce(aliases.standing_article_id, v.article_id))
),

headlines as (
    select
        version_id,
        max(headline_raw) filter (headline_role = 'main') as displayed_headline,
        max(headline_text) filter (headline_role = 'campaign_tag') as campaign_tag,
        string_agg(headline_text, ' ' order by headline_role, position) filter (headline_role in ('original', 'original_subtitle')) as original_title,
    from article_headlines
    group by version_id
),

sources as (
    select
        version_id,
        list(outlet_name order by position) filter (source_role = 'origin') as origin,
        list(outlet_name order by position) filter (source_role = 'via') as via,
    from article_sources
    group by version_id
),

people as (
    select
        version_id,
        list(person_name order by person_role, position) filter (person_role in ('reporter', 'author')) as reporters,
        list(person_name order by position) filter (person_role = 'correspondent') as correspondents,
        list(person_name order by person_role, position) filter (person_role in ('editor', 'responsible_editor')) as editors,
    from article_people
    group by version_id
)

select
    ranked.article_id,
    ranked.version_id,
    articles.site,
    ranked.headline,
    coalesce(headlines.displayed_headline, ranked.headline) as displayed_headline,
    headlines.campaign_tag,
    headlines.original_title,
    ranked.published_at,
    ranked.published_at_precision,
    channels.channel_path,
    sources.origin,
    sources.via,
    people.reporters,
    people.correspondents,
    people.editors,
    ranked.paragraph_count,
    ranked.char_count,
    ranked.body_text,
    ranked.rights_applies,
    ranked.version_count,
    ranked.capture_count,
    ranked.first_captured_at,
    ranked.last_captured_at,
    articles.canonical_url,
from ranked
join articles using (article_id)
left join headlines using (version_id)
left join sources using (version_id)
left join people using (version_id)
left join channels using (channel_id)
where ranked.recency = 1
