-- Which layout or parser broke, since when?
-- Days on which a share fell by more than half against the day before of the same site, layout and parser version, or on which a layout is new.

with days as (
    select
        *,
        min(captured_date) over (partition by site) as first_day,
        lag(captured_date) over layout as day_before,
        lag(source_ratio) over layout as sources_before,
        lag(published_at_ratio) over layout as times_before,
        lag(coverage_ratio) over layout as coverage_before,
    from extraction_health
    where captured_date is not null
    window layout as (partition by site, layout_fingerprint, parser_version order by captured_date)
)

select
    site,
    layout_fingerprint as layout,
    captured_date,
    capture_count as captures,
    round(source_ratio, 2) as with_source,
    round(published_at_ratio, 2) as with_time,
    round(coverage_ratio, 2) as coverage,
    case when day_before is null then 'new layout' else 'fell' end as why,
from days
where source_ratio < sources_before / 2
    or published_at_ratio < times_before / 2
    or coverage_ratio < coverage_before / 2
    or (day_before is null and captured_date > first_day)
order by captured_date, site, layout
limit 8
