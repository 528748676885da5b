-- One row per rejection that is not settled.
-- What waits for a mended program, a mended input, or a person's word. A rejection is settled when it was read anew and is good, or is rejected for
-- another reason, which is a rejection of its own (`successor_id`), until a later run rejects it again; and for good when it was dismissed.
--
-- quarantine_id: Rejection
-- stage: Stage that rejected it
-- scope: What was rejected: input, page or row
-- table_name: Table that the row would have belonged to
-- row_key: Key of the row
-- reasons: Every reason
-- detail: What was seen, in the last run that rejected it
-- site: Site
-- capture_id: Capture that showed it
-- input_path: Input that it came from
-- run_id: Last run that rejected it
-- first_quarantined_at: When it was rejected first
-- quarantined_at: When it was rejected last
-- rejection_count: Runs that rejected it
-- replay_count: Runs of these in which it was read anew

with settled as (
    select
        quarantine_id,
        bool_or(quarantine_outcome = 'dismissed') as is_dismissed,
        max(decided_at) filter (quarantine_outcome = 'replayed_good' or successor_id is not null) as settled_at,
        count(*) filter (quarantine_outcome <> 'dismissed') as replay_count,
    from quarantine_outcomes
    group by quarantine_id
),

rejections as (
    select
        *,
        min(quarantined_at) over same as first_quarantined_at,
        count(*) over same as rejection_count,
    from quarantine
    window same as (partition by quarantine_id)
    qualify row_number() over (partition by quarantine_id order by quarantined_at desc, run_id desc) = 1
)

select
    quarantine_id,
    stage,
    scope,
    table_name,
    row_key,
    reasons,
    detail,
    site,
    capture_id,
    input_path,
    run_id,
    first_quarantined_at,
    quarantined_at,
    rejection_count,
    coalesce(replay_count, 0) as replay_count,
from rejections
left join settled using (quarantine_id)
where not coalesce(is_dismissed, false) and (settled_at is null or quarantined_at > settled_at)
