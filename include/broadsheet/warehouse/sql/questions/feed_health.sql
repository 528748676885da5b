-- How well are feeds understood?
-- Shares of a feed's different headlines. Ambiguous: several full headlines fit what is shown; nothing is picked.

select
    site,
    feed_label as feed,
    headline_count as headlines,
    round(cut_ratio, 2) as cut,
    width_limit,
    round(resolved_ratio, 3) as resolved,
    round(ambiguous_ratio, 3) as ambiguous,
    round(unresolved_ratio, 3) as unresolved,
    round(article_ratio, 2) as with_article,
    observation_count as observations,
    unknown_time_count as at_unknown_time,
from feed_health
order by resolved, site, feed
