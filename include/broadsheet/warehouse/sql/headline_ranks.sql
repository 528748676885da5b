-- One row per unbroken stay of a headline at one rank of a feed, from observations with a known time.
select
    spells.site,
    spells.feed_id,
    feeds.feed_label,
    spells.rank,
    spells.feed_headline_id,
    spells.headline_text,
    resolutions.full_headline,
    resolutions.resolved_article_id as article_id,
    spells.appeared_after,
    spells.first_observed_at,
    spells.last_observed_at,
    spells.gone_before,
    spells.observation_count,
from headline_spells as spells
join headline_feeds as feeds using (feed_id)
left join headline_resolutions as resolutions using (feed_headline_id)
