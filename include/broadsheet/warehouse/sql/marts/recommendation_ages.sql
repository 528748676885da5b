-- One row per related link whose story is known, from a capture with a known time.
-- How old a recommended story was when it was recommended; by the publication time that its own page displays.
--
-- capture_id: Capture that shows the link
-- site: Site
-- captured_at: When it was shown
-- module_heading: Heading of the links
-- position: Position among the links, from 1
-- from_article_id: Article that the link stands beside; NULL on list pages
-- to_article_id: Recommended article
-- to_headline: Headline of the link
-- to_published_at: Publication time of the recommended article
-- age_hours: Hours from that publication to the capture

select
    links.capture_id,
    links.site,
    links.captured_at,
    links.module_heading,
    links.position,
    links.from_article_id,
    links.to_article_id,
    links.to_headline,
    articles.published_at as to_published_at,
    round(epoch(links.captured_at - articles.published_at) / 3600, 2) as age_hours,
from related_graph as links
join articles on articles.article_id = links.to_article_id
where links.captured_at is not null and articles.published_at is not null
