-- Texts that the load brought (no other version had them before) and those that no version has any more.
create or replace temp table touched_texts as
select distinct text_id
from (select text_id from added_article_versions union all select text_id from removed_article_versions)
where text_id is not null;

create or replace temp table texts_of_now as
select text_id, version_id
from article_versions
semi join touched_texts using (text_id);

create or replace temp table texts_of_before as
select text_id
from (select text_id, version_id from texts_of_now anti join added_article_versions using (version_id))
union
select text_id from removed_article_versions where text_id is not null;

create or replace temp table new_texts as
select distinct text_id from texts_of_now anti join texts_of_before using (text_id);

create or replace temp table gone_texts as
select text_id from texts_of_before anti join texts_of_now using (text_id);

create or replace temp table fresh as
select
    texts.text_id,
    bands.band_index::integer as band_index,
    (md5_number_lower(texts.body_signature[12 * bands.band_index + 1 : 12 * bands.band_index + 12]) >> 1)::bigint as band_hash,
from (
    select text_id, any_value(body_signature) as body_signature
    from added_article_versions
    semi join new_texts using (text_id)
    group by text_id
) as texts
cross join (select unnest(range(getvariable('band_count'))) as band_index) as bands;

create or replace temp table touched_buckets as
select band_hash from fresh
union
select band_hash from reprint_bands semi join gone_texts using (text_id)
