-- Who takes over from whom, how soon, and under which title?
-- Reprints on other sites, by the hours after the origin's publication. `evidence`: a credit names the origin's site (declared), it was published
-- before (measured), or both.

select
    origin_site as origin,
    site as reprinted_on,
    count(*) as reprints,
    round(median(lag_seconds) / 3600, 1) as hours_after,
    round(max(lag_seconds) / 3600, 1) as at_most,
    count(*) filter (origin_evidence in ('declared', 'both')) as credited,
    count(*) filter (title_change = 'same') as same_title,
    count(*) filter (title_change = 'rewritten') as rewritten_title,
    round(avg(similarity), 2) as similarity,
from reprints
where not is_origin_site
group by origin_site, site
order by reprints desc, origin, reprinted_on
limit 8
