-- Joined as written (`joined_as_written`): known evidence, of which there may be many millions, goes by what is new.

-- Without what tells nothing new of a settled headline: a title that comes again and again would have all that show it weighed anew each time.
create or replace temp table fitting as
with known as (
    select feed_headline_id, title, candidate_fit, is_same_site
    from headline_candidates
    semi join found using (feed_headline_id, title)
    anti join open_headlines using (feed_headline_id)
)

select found.*
from found
left join known
    on known.feed_headline_id = found.feed_headline_id and known.title = found.title
where known.title is null or coalesce(known.candidate_fit, '') < found.candidate_fit or found.is_same_site and not known.is_same_site;

-- What is new of headlines, with what is known of the same: known evidence of which nothing is new is left alone, for there may be many millions of it.
create or replace temp table news as
select
    feed_headline_id,
    title,
    min(site) as site,
    max(candidate_fit) as candidate_fit,
    bool_or(is_shown) as is_shown,
    bool_or(is_by_url) as is_by_url,
    bool_or(is_same_site) as is_same_site,
    case when bool_or(is_open) is null then feed_headline_id end as settled_headline_id,
from (
    select feed_headline_id, title, site, candidate_fit, false as is_shown, false as is_by_url, is_same_site from fitting
    union all
    select feed_headline_id, title, site, null, is_shown, is_by_url, false from told
)
left join (select feed_headline_id, true as is_open from open_headlines) using (feed_headline_id)
group by feed_headline_id, title;

create or replace temp table known_news as
from headline_candidates semi join news on news.settled_headline_id = headline_candidates.feed_headline_id and news.title = headline_candidates.title;

create or replace temp table evidence as
select
    news.feed_headline_id,
    news.title,
    least(known.site, news.site) as site,
    coalesce(known.title_key, headline_key(news.title)) as title_key,
    greatest(known.candidate_fit, news.candidate_fit) as candidate_fit,
    coalesce(known.is_shown, false) or news.is_shown as is_shown,
    coalesce(known.is_by_url, false) or news.is_by_url as is_by_url,
    coalesce(known.is_same_page, false) as is_same_page,
    coalesce(known.is_same_site, false) or news.is_same_site as is_same_site,
from news
left join known_news as known on known.feed_headline_id = news.settled_headline_id and known.title = news.title;

create or replace temp table side_by_side (feed_headline_id varchar, title varchar)
