-- Documents, terms and postings of the article versions in `chunk`, into new_documents, new_terms and new_postings.
create or replace temp table counted as
with texts as (
    -- what a term is worth by standing there; in the body its occurrences count
    select version_id, headline as text, 150 as headline_strength
    from chunk
    union all
    select version_id, headline_text, 75
    from article_headlines
    semi join chunk using (version_id)
    where headline_role <> 'main'
    union all
    select version_id, body_text, 0
    from chunk
),

found as (
    select id_number(version_id) as document_number, headline_strength, unnest(string_split(terms_of(text), ' ')) as term
    from texts
)

select
    document_number,
    term,
    max(headline_strength) as headline_strength,
    count(*) filter (headline_strength = 0) as body_count,
from found
where term <> ''
group by document_number, term;

create or replace temp table named as
select term_number(term) as term_number, term
from (select distinct term from counted);

insert into new_terms from named;

-- BM25 of the body with k1 = 1.2 and b = 0.75, in hundredths: at most 220. The mean length is fixed: one that is counted would change every posting
-- with every load.
insert into new_postings by name
with lengths as (
    select document_number, sum(body_count) as length
    from counted
    group by document_number
)
select
    term_number,
    document_number,
    round(220 * body_count / (body_count + 1.2 * (0.25 + 0.75 * length / 500)) + headline_strength) as term_strength,
from counted
join lengths using (document_number)
join named using (term);

insert into new_documents by name
select id_number(version_id) as document_number, version_id, id_number(article_id) as article_number, site, published_at_local
from chunk;

drop table counted;
drop table named
