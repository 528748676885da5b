-- How long did a first version stand before it was replaced?
-- An interval, since a page is known only when it is captured: it stood at least from its first to its last sight, and at most until the article
-- was seen in another version.

select
    site,
    left(headline, 24) as headline,
    strftime(first_observed_at, '%m-%d %H:%M') as first_seen,
    round(epoch(last_observed_at - first_observed_at) / 3600, 1) as hours_at_least,
    round(epoch(replaced_before - first_observed_at) / 3600, 1) as hours_at_most,
from article_version_times
join article_versions using (version_id, site)
where appeared_after is null and replaced_before is not null
order by hours_at_most desc, version_id
limit 5
