-- Pairs of texts to compare. The texts that share a band are a bucket; its hubs, the smallest ids in it, are each compared with all others
-- there, the others not among themselves: the work grows with the texts of a bucket, not with its pairs, and depends on the warehouse's
-- texts alone, not on the order in which they came. A bucket of few texts consists of hubs.
--
-- Hubs whose pairs may be others than before: those of the buckets that the load touched, and those that it pushed aside there.
create or replace temp table touched_hubs as
with crowded as (
    select band_hash
    from reprint_bands
    semi join touched_buckets using (band_hash)
    group by band_hash
    having count(*) > 1
),

placed as (
    select
        text_id,
        row_number() over (partition by band_hash order by text_id) as place,
        count(new_texts.text_id) over (partition by band_hash) as new_count,
    from reprint_bands
    semi join crowded using (band_hash)
    left join new_texts using (text_id)
)

select distinct text_id from placed where place <= getvariable('hub_count') + new_count
union
select text_id from gone_texts;

create or replace temp table candidates as
with hub_buckets as (
    select distinct band_hash from reprint_bands semi join touched_hubs using (text_id)
),

placed as (
    select
        band_hash,
        text_id,
        row_number() over (partition by band_hash order by text_id) as place,
    from reprint_bands
    semi join hub_buckets using (band_hash)
    qualify count(*) over (partition by band_hash) > 1
),

hubs as (
    select band_hash, text_id
    from placed
    semi join touched_hubs using (text_id)
    where place <= getvariable('hub_count')
)

select distinct hubs.text_id, placed.text_id as other_text_id
from hubs
join placed on placed.band_hash = hubs.band_hash and placed.text_id > hubs.text_id
