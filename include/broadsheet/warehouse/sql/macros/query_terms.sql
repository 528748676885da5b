-- One row per term of the index that a question holds: of substrings of Chinese, Japanese and Korean text those that no longer one encloses,
-- and the words of other scripts. Every dictionary word among them is a term of each text that holds the question as it stands.
with question as materialized (
    select left(search_key(query_text), 256) as key
),

spans as (
    select
        place,
        size,
        substr(key, place, size) as term,
    from question, unnest(range(1, length(key) + 1)) as places(place), unnest(range(1, 9)) as sizes(size)
    where place + size <= length(key) + 1 and is_cjk(substr(key, place, size))
    union all
    select null, null, unnest(words_of(key))
    from question
),

known as (
    select spans.*, term_number(term) as term_number
    from spans
    where term_number(term) in (select term_number from search_terms)
)

select distinct term_number, term
from (
    from known
    -- what begins before a term, or with it and is longer, encloses it when it ends no earlier
    qualify place is null
        or coalesce(max(place + size) over (order by place, size desc rows between unbounded preceding and 1 preceding), 0) < place + size
)
order by length(term) desc, term
limit 32  -- of a whole sentence, too, the longest words say what it is about
