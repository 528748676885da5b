-- One row per pause of an hour or more between two captures of a site that follow each other.
-- What happened on the site within it was not seen: spells of headlines and versions are as uncertain as the pauses are long.
--
-- site: Site
-- gap_after: Capture before the pause
-- gap_before: Capture after the pause
-- hours: Length of the pause

with steps as (
    select
        site,
        captured_at,
        lag(captured_at) over (partition by site order by captured_at) as previous_at,
    from captures
    where captured_at is not null
)

select
    site,
    previous_at as gap_after,
    captured_at as gap_before,
    round(epoch(captured_at - previous_at) / 3600, 2) as hours,
from steps
where captured_at >= previous_at + interval 1 hour
