-- Which headlines stand twice in one state of a feed?
-- The ranks at which the same letters and digits stand.

select
    site,
    feed_label as feed,
    headline_text as headline,
    ranks,
    observation_count as observations,
from repeated_headlines
order by observations desc, site, feed, headline, ranks
limit 8
