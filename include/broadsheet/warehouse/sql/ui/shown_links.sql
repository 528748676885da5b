-- Related links that a capture shows, with the article that their URL leads to.
with links as (
    select module_index, module_heading, position, coalesce(shown_full_headline, headline_text) as headline_text, url, canonical_url
    from related_links
    where capture_id = $capture_id and site = $site
),

targets as (
    select articles.canonical_url, min(coalesce(aliases.standing_article_id, articles.article_id)) as article_id
    from articles
    left join article_aliases as aliases using (article_id)
    where articles.canonical_url in (select canonical_url from links where canonical_url is not null)
    group by articles.canonical_url
)

select links.*, targets.article_id
from links
left join targets using (canonical_url)
order by links.module_index, links.position
