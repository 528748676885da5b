-- One row per article that has a term of the question, in its best version, most relevant first.
with asked as materialized (
    from query_terms(query_text)
),

phrases as materialized (
    -- what stands in quotation marks must be there as it is, blanks and punctuation aside
    select [headline_key(phrase) for phrase in regexp_extract_all(search_key(query_text), '["“”„]([^"“”„]+)["“”„]', 1)] as phrases
),

hits as materialized (
    select p.term_number, p.document_number, p.term_strength
    from search_postings as p
    join asked on asked.term_number = p.term_number
),

weights as materialized (
    -- the rarer a term, the more it weighs; one that nearly every document has beside rare ones is left out
    select
        term_number,
        ln(1 + (any_value(document_count) - count(*) + 0.5) / (count(*) + 0.5)) as weight,
    from hits, (select count(*) as document_count from search_documents)
    group by term_number
    qualify weight >= max(weight) over () / 20
),

scored as (
    -- BM25, times the share of the question that the document has; rounded, since threads add in any order
    select
        document_number,
        round(sum(weight * term_strength) / 100 * sum(weight) / (select sum(weight) from weights), 3) as score,
    from hits
    join weights on weights.term_number = hits.term_number
    group by document_number
),

candidates as (
    select d.document_number, d.article_number, d.version_id, d.published_at_local, scored.score
    from scored
    join search_documents as d on d.document_number = scored.document_number
    where (site is null or d.site = site)
        and (from_day is null or d.published_at_local >= from_day::date)
        and (to_day is null or d.published_at_local < to_day::date + interval 1 day)
    order by score desc, published_at_local desc nulls last, document_number
    limit 50 * max_rows
),

best as (
    select version_id, score
    from candidates
    qualify row_number() over (partition by article_number order by score desc, published_at_local desc nulls last, document_number) = 1
    order by score desc, published_at_local desc nulls last, document_number
    limit (select case when len(phrases) = 0 then max_rows end from phrases)
),

texts as (
    -- by the index of version_id: text by text, where a scan would unpack thousands around each
    select
        v.article_id,
        v.version_id,
        v.site,
        v.headline,
        v.published_at,
        best.score,
        translate(v.body_text, chr(9) || chr(10) || chr(13), '   ') as body,
        search_key(v.body_text) as body_key,
        [headline_key(search_key(v.headline)), headline_key(search_key(v.body_text))] as letters,
    from best
    join article_versions as v on v.version_id = best.version_id
),

shown as (
    select texts.*
    from texts, phrases
    where len([phrase for phrase in phrases if not (contains(letters[1], phrase) or contains(letters[2], phrase))]) = 0
    order by score desc, published_at desc nulls last, article_id
    limit max_rows
),

snippets as (
    -- the first window of the text that has most terms
    select
        shown.* exclude (body_key, letters),
        list_max([
            {'term_count': len([term for term in terms if contains(substr(body_key, start, 100), term)]), 'back': -start}
            for start in range(1, length(body_key) + 1, 40)
        ])['back'] as back
    from shown, (select list(term) as terms from asked)
)

select
    article_id,
    version_id,
    snippets.site,
    headline,
    published_at,
    score,
    case when back < -1 then '…' else '' end
    || trim(substr(body, coalesce(-back, 1), 100))
    || case when 100 - back <= length(body) then '…' else '' end as snippet,
from snippets
order by snippets.score desc, published_at desc nulls last, article_id
