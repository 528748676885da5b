-- Where a stage of a new run did not take in what the one before let out: pages from captures that are not the same again, pages by shard from
-- one stage to the next, a row of `captures` for each page, rows by table. Runs of earlier programs counted in other ways. Of a run that a way
-- back brings in again, only the rows that it did not have before count as added: its account is taken whole.
with outcomes as (
    select *
    from stage_outcomes
    semi join (from added_runs where schema_version = $schema_version) using (run_id)
),

links as (
    select
        run_id,
        sum(new_count - coalesce(absence_count, 0)) filter (stage = 'capture') as let_out,
        sum(in_count) filter (stage = 'extract') as taken_in,
    from outcomes
    group by run_id

    union all

    select
        run_id,
        sum(out_count) filter (stage = 'extract') as let_out,
        sum(in_count) filter (stage = 'transform') as taken_in,
    from outcomes
    group by run_id, shard

    union all

    select
        run_id,
        sum(out_count) filter (stage = 'transform') as let_out,
        sum(in_count) filter (stage = 'validate' and table_name = 'captures') as taken_in,
    from outcomes
    group by run_id, shard

    union all

    select
        run_id,
        sum(out_count) filter (stage = 'validate') as let_out,
        sum(in_count) filter (stage = 'load') as taken_in,
    from outcomes
    where unit = 'row'
    group by run_id, table_name
)

select *
from links
where coalesce(let_out, 0) <> coalesce(taken_in, 0)
