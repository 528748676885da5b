-- What changed on a site, and since when?
-- New layouts, fields no longer read, sites and feeds that fell silent, each with a page to look at. Five known days are needed to tell.

select
    incident_date as day,
    site,
    incident_kind as what,
    feed_label as feed,
    metric,
    round(value, 2) as value,
    round(baseline, 2) as before,
    capture_count as captures,
    url as example,
from drift
order by incident_date, site, what, metric, feed_label, value
limit 8
