-- The nearest evidence decides: what the page gives, the URL, the same page, the same site, elsewhere. One headline resolves, several
-- leave it ambiguous. Headlines that differ by punctuation alone are one; of these the one that fits best, then the first. An article is
-- the one that stands where it has several ids.
with placed as (
    select
        *,
        case when is_shown then 1 when is_by_url then 2 when is_same_page then 3 when is_same_site then 4 else 5 end as place,
    from headline_candidates
    semi join affected using (feed_headline_id)
),

nearest as (
    from placed
    qualify place = min(place) over (partition by feed_headline_id)
),

judged as (
    select
        feed_headline_id,
        min(place) as place,
        max(candidate_fit) as fit,
        count(distinct title_key) as candidate_count,
        arg_min(title, (candidate_fit is distinct from 'exact', title)) as title,
        min(title_key) as title_key,
    from nearest
    group by feed_headline_id
),

by_url as (
    select canonical_url, min(coalesce(standing_article_id, article_id)) as article_id
    from articles
    left join article_aliases using (article_id)
    semi join (from headlines semi join affected using (feed_headline_id)) as asked using (canonical_url)
    group by canonical_url
),

by_title as (
    select title_key, site, min(coalesce(standing_article_id, article_id)) as article_id
    from headline_titles
    left join article_aliases using (article_id)
    semi join judged using (title_key)
    where article_id is not null
    group by title_key, site
    having count(distinct coalesce(standing_article_id, article_id)) = 1
)

select
    headlines.* exclude (shown_prefix),
    headlines.shown_prefix,
    case when judged.candidate_count is null then 'unresolved' when judged.candidate_count = 1 then 'resolved' else 'ambiguous' end as resolution_status,
    case judged.place
        when 1 then 'shown_full'
        when 2 then 'url'
        when 3 then 'same_page_' || judged.fit
        else 'warehouse_' || judged.fit
    end as resolution_method,
    round(
        case judged.place when 4 then 0.95 when 5 then 0.85 else 1.0 end
        * case when judged.place > 2 and judged.fit = 'cut' then 0.95 else 1.0 end
        / judged.candidate_count,
        3
    ) as confidence,
    coalesce(judged.candidate_count, 0) as candidate_count,
    case when judged.candidate_count = 1 then judged.title end as full_headline,
    coalesce(by_url.article_id, case when judged.candidate_count = 1 then by_title.article_id end) as resolved_article_id,
from headlines
semi join affected using (feed_headline_id)
left join judged using (feed_headline_id)
left join by_url on by_url.canonical_url = headlines.canonical_url
left join by_title on by_title.title_key = judged.title_key and is_one_site(by_title.site, headlines.site)
