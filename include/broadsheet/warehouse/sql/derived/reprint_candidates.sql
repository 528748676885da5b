-- Pairs of texts to compare. The texts that share a band are a bucket; its hubs, the smallest ids in it, are each compared with all others
-- there, the others not among themselves: the work grows with the texts of a bucket, not with its pairs, and what is compared depends on the
-- warehouse's texts alone, not on the order in which they came. A bucket of few texts consists of hubs.
--
-- The buckets that the load touched, as they were and as they are. A text counts once, though two of its bands may be the same.
create or replace temp table touched_members as
with members as (
    select distinct
        band_hash,
        text_id,
        new_texts.text_id is null as was_there,
        true as is_there,
    from reprint_bands
    semi join touched_buckets using (band_hash)
    left join new_texts using (text_id)
    union all
    select distinct band_hash, text_id, true, false
    from removed_reprint_bands
    semi join touched_buckets using (band_hash)
),

placed as (
    select
        *,
        sum(case when was_there then 1 else 0 end) over (partition by band_hash order by text_id) as place_before,
        sum(case when is_there then 1 else 0 end) over (partition by band_hash order by text_id) as place,
        count(*) over (partition by band_hash) as member_count,
    from members
)

select
    band_hash,
    text_id,
    was_there,
    is_there,
    was_there and place_before <= getvariable('hub_count') as was_hub,
    is_there and place <= getvariable('hub_count') as is_hub,
from placed
where member_count > 1;

-- Pairs that are compared now and were not: a new hub with all others, an old one with the new texts. A load that brings little to a bucket of
-- many texts so compares few of them.
create or replace temp table candidates as
select hubs.text_id, others.text_id as other_text_id
from touched_members as hubs
join touched_members as others on others.band_hash = hubs.band_hash and others.text_id > hubs.text_id
where hubs.is_hub and not hubs.was_hub and others.is_there
union
select hubs.text_id, others.text_id
from touched_members as hubs
join touched_members as others on others.band_hash = hubs.band_hash and others.text_id > hubs.text_id
where hubs.is_hub and hubs.was_hub and others.is_there and not others.was_there;

-- Pairs that were found alike and are not compared any longer: one of the texts is gone, or none of the buckets that they share has the smaller
-- one as its hub.
create or replace temp table lost_pairs as
with doubtful as (
    select pairs.text_id, pairs.other_text_id
    from reprint_pairs as pairs
    semi join (select distinct text_id from touched_members where was_hub and not is_hub) as former using (text_id)
    union
    select pairs.text_id, pairs.other_text_id
    from reprint_pairs as pairs
    semi join gone_texts on gone_texts.text_id = pairs.other_text_id
),

shared as (
    select distinct doubtful.text_id, doubtful.other_text_id, bands.band_hash
    from doubtful
    join reprint_bands as bands using (text_id)
    semi join reprint_bands as others on others.text_id = doubtful.other_text_id and others.band_hash = bands.band_hash
),

hubs as (
    select band_hash, text_id
    from (select distinct band_hash, text_id from reprint_bands semi join shared using (band_hash))
    qualify row_number() over (partition by band_hash order by text_id) <= getvariable('hub_count')
),

standing as (
    select distinct shared.text_id, shared.other_text_id
    from shared
    semi join hubs on hubs.band_hash = shared.band_hash and hubs.text_id = shared.text_id
)

select text_id, other_text_id
from doubtful
anti join standing using (text_id, other_text_id)
