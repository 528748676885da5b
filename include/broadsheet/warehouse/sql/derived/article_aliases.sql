-- Which articles are one publication, of those that the load touched and those near them: of one url_key, or of one headline at one
-- minute. What went counts as well: without it, another article may be the only one that fits.

-- --- what is near ---------------------------------------------------------------------------------------------------------------------

create or replace temp table touched_articles as
with moved_sites as (
    select sites.site
    from sites
    join removed_sites as before using (site)
    where sites.outlet_id is distinct from before.outlet_id
)

select article_id from added_articles
union
select article_id from removed_articles
union
select article_id from added_article_versions
union
select article_id from removed_article_versions
union
select article_id from added_captures where article_id is not null
union
select article_id from removed_captures where article_id is not null
union
-- of sites that another outlet runs now
select article_id from articles semi join moved_sites using (site)
union
select article_id from captures semi join moved_sites using (site) where article_id is not null;

create or replace temp table touched_pages as
select distinct url_key
from (
    select article_id, url_key from articles
    union all
    select article_id, url_key from removed_articles
)
semi join touched_articles using (article_id)
where url_key is not null;

create or replace temp table touched_moments as
with near_articles as (
    from touched_articles
    union
    select article_id from articles semi join touched_pages using (url_key)
),

versions as (
    select article_id, headline, published_at_local, published_at_precision from article_versions
    union all
    select article_id, headline, published_at_local, published_at_precision from removed_article_versions
)

select distinct
    date_trunc('minute', published_at_local) as published_minute,
    headline_key(headline) as title_key,
from versions
semi join near_articles using (article_id)
where published_at_precision <> 'day';

-- Articles with a version of one of these headlines at its minute. The minute is asked first: it leaves few headlines to make keys of.
create or replace temp table sightings as
with of_minutes as materialized (
    select article_id, headline, date_trunc('minute', published_at_local) as published_minute
    from article_versions
    where published_at_precision <> 'day'
      and date_trunc('minute', published_at_local) in (select published_minute from touched_moments)
)

select distinct articles.article_id, articles.article_id_basis, articles.site, articles.url_key, published_minute, title_key
from (select article_id, published_minute, headline_key(headline) as title_key from of_minutes)
semi join touched_moments using (published_minute, title_key)
join articles using (article_id);

-- --- pages without URL, and the articles with one that they could be ---------------------------------------------------------------------

create or replace temp table openers as
select distinct article_id, site, published_minute, title_key
from sightings
where article_id_basis = 'site_published_headline';

create or replace temp table matches as
with candidates as (
    select openers.article_id, openers.site, sightings.article_id as other_id, sightings.url_key
    from openers
    join sightings using (published_minute, title_key)
    where sightings.article_id_basis = 'url'
),

-- A manifest may name another site for one capture of an article than its URL does for the next: `articles.site` is the first one's. Whether a
-- capture whose version was set aside tells its article depends on which came first.
sites_of_candidates as (
    select distinct captures.article_id as other_id, captures.site, folded(captures.site_name) as masthead, sites.outlet_id
    from captures
    left join sites using (site)
    where captures.version_id is not null and captures.article_id in (select other_id from candidates)
),

judged as (
    select
        candidates.*,
        case
            when is_one_site(candidates.site, other.site) then 'same_site'
            when folded(candidates.site) = other.masthead then 'same_masthead'
            when own.outlet_id = other.outlet_id then 'same_outlet'
        end as evidence,
    from candidates
    join sites_of_candidates as other using (other_id)
    left join sites as own on own.site = candidates.site
)

select article_id, other_id, url_key, evidence
from judged
where evidence is not null;

-- --- one page under several URLs -------------------------------------------------------------------------------------------------------------

create or replace temp table pages as
with near_pages as (
    from touched_pages
    union
    select url_key from matches where url_key is not null
)

select
    article_id,
    url_key,
    count(*) over (partition by url_key) > 1 as has_other,
    -- The URL to stand for the others: of no device's host, secure, short.
    row_number() over (
        partition by url_key
        order by
            not starts_with(regexp_replace(canonical_url, '^https?://(www\.)?', ''), url_key),
            not starts_with(canonical_url, 'https:'),
            length(canonical_url),
            canonical_url
    ) as place,
from articles
semi join near_pages using (url_key);

-- A page may have changed between its captures, so that two of its URLs share no version but both share one with a third.
create or replace temp table page_links as
with texts as materialized (
    select distinct
        pages.article_id,
        pages.url_key,
        date_trunc('minute', published_at_local) as published_minute,
        headline_key(headline) as title_key,
        md5(folded(regexp_replace(body_text, '\s+', '', 'g'))) as body,
    from pages
    join article_versions using (article_id)
    where pages.has_other and published_at_precision <> 'day'
)

select distinct own.article_id, other.article_id as other_id
from texts as own
join texts as other using (url_key, published_minute, title_key, body);

create or replace temp table standing as
with recursive reached as (
    select article_id, article_id as other_id from pages where has_other
    union
    select reached.article_id, page_links.other_id
    from reached
    join page_links on page_links.article_id = reached.other_id
)

select reached.article_id, arg_min(reached.other_id, pages.place) as standing_article_id
from reached
join pages on pages.article_id = reached.other_id
group by reached.article_id;

-- --- the aliases ---------------------------------------------------------------------------------------------------------------------------------

create or replace temp table judged_articles as
select article_id from touched_articles
union
select article_id from pages
union
select article_id from openers;

create or replace temp table wanted_aliases as
select article_id, standing_article_id, 'url_variant' as alias_basis
from standing
where standing_article_id <> article_id
union all
select
    matches.article_id,
    any_value(coalesce(standing_article_id, other_id)),
    arg_min(evidence, list_position(['same_site', 'same_masthead', 'same_outlet'], evidence)),
from matches
left join standing on standing.article_id = matches.other_id
group by matches.article_id
having count(distinct coalesce(standing_article_id, other_id)) = 1;

-- For the steps that follow: versions by the article that stands for theirs.
create or replace temp view standing_versions as
select versions.* replace (coalesce(aliases.standing_article_id, versions.article_id) as article_id)
from article_versions as versions
left join article_aliases as aliases using (article_id)
