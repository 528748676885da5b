-- When was a site not looked at?
-- Pauses between captures. What came and went within one was never seen.

select
    site,
    count(*) as pauses,
    round(sum(hours), 1) as hours,
    max(hours) as longest,
    strftime(arg_max(gap_after, hours), '%m-%d %H:%M') as longest_from,
    strftime(arg_max(gap_before, hours), '%m-%d %H:%M') as longest_to,
from capture_gaps
group by site
order by longest desc, site
limit 6
