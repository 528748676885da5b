-- How old are the stories that a site recommends?
-- Hours from publication to the capture that shows the link, of links whose story is in the warehouse, by where they stand. Those
-- lists that have most links first.

select
    site,
    module_heading as heading,
    position,
    count(*) as links,
    round(quantile_cont(age_hours, 0.25), 1) as quarter,
    round(median(age_hours), 1) as half,
    round(quantile_cont(age_hours, 0.75), 1) as three_quarters,
    max(age_hours) as oldest,
from recommendation_ages
group by site, module_heading, position
order by links desc, site, heading, position
limit 12
