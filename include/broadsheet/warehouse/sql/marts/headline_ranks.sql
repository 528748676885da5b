-- One row per unbroken stay of a headline at one rank of a feed.
-- From observations with a known time only. When a headline came and went is known as an interval: it came after `appeared_after` and not
-- after `first_observed_at`, it went after `last_observed_at` and before `gone_before`; NULL where the feed was not seen before or since.
--
-- site: Site
-- feed_id: Feed
-- feed_label: Heading of the feed
-- feed_scope: Whose list it is: of the site, of one page, or a file. A site may have several of one heading
-- feed_url: Page or file of the feed; NULL for one of the site
-- rank: Rank, from 1
-- feed_headline_id: Headline as the feed shows it, as last seen
-- headline_text: Headline as displayed, perhaps cut
-- full_headline: Full headline, where it is resolved
-- article_id: Article behind it, where it is known
-- appeared_after: Last observation of the feed without it at this rank; NULL if there is none before
-- first_observed_at: First observation of the stay
-- last_observed_at: Last observation of the stay
-- gone_before: First observation of the feed after the stay; NULL if there is none since
-- observation_count: Observations of the stay

select
    spells.site,
    spells.feed_id,
    feeds.feed_label,
    feeds.feed_scope,
    feeds.feed_url,
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
