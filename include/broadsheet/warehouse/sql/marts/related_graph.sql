-- One row per related link of a capture.
-- Which story was recommended beside which, with the article behind the link where the warehouse has it.
--
-- capture_id: Capture that shows the link
-- site: Site
-- captured_at: When it was shown; NULL when unknown
-- from_article_id: Article that the link stands beside, the one that stands where it has several ids; NULL on list pages
-- from_headline: Headline of that article
-- module_heading: Heading of the links
-- position: Position among the links, from 1
-- to_headline: Headline of the link, the full one where the page gives it
-- to_url: URL of the link
-- to_article_id: Article behind the link, likewise; by URL, else by a headline that only one article of the site has

with named as (
    -- headlines that name exactly one article of a site
    select site, title_key, min(coalesce(standing_article_id, article_id)) as article_id
    from headline_titles
    left join article_aliases using (article_id)
    where article_id is not null
    group by site, title_key
    having count(distinct coalesce(standing_article_id, article_id)) = 1
),

by_headline as (
    -- as articles and links write them
    select distinct titles.title, named.site, named.article_id
    from headline_titles as titles
    join named using (title_key)
),

by_url as (
    select canonical_url, min(coalesce(standing_article_id, article_id)) as article_id
    from articles
    left join article_aliases using (article_id)
    where canonical_url is not null
    group by canonical_url
)

select
    links.capture_id,
    links.site,
    captures.captured_at,
    coalesce(beside.standing_article_id, captures.article_id) as from_article_id,
    versions.headline as from_headline,
    links.module_heading,
    links.position,
    coalesce(links.shown_full_headline, links.headline_text) as to_headline,
    coalesce(links.canonical_url, links.url) as to_url,
    coalesce(by_url.article_id, by_headline.article_id) as to_article_id,
from related_links as links
join captures on captures.capture_id = links.capture_id and captures.site = links.site
left join article_aliases as beside on beside.article_id = captures.article_id
left join article_versions as versions on versions.version_id = captures.version_id
left join by_url on by_url.canonical_url = links.canonical_url
left join by_headline
    on is_one_site(by_headline.site, links.site)
    and by_headline.title = coalesce(links.shown_full_headline, links.headline_text)
