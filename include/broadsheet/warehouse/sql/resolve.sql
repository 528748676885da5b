-- Entries to resolve: all of them. What a title settles depends on every other title, so that only a full pass gives the same answer
-- whatever the order of loading. The width is the snapshot's, else the feed's most frequent one.
create or replace temp table open_entries as
with feed_widths as (
    select feed_id, mode(width_limit) as width_limit
    from headline_feed_snapshots
    where width_limit is not null
    group by feed_id
)
select
    entries.feed_snapshot_id,
    entries.rank,
    entries.site,
    snapshots.feed_id,
    entries.canonical_url,
    entries.shown_full_headline,
    entries.is_truncated,
    regexp_matches(entries.headline_text, '(\.{2,6}|…{1,3}|．{3}|·{3})$') as is_marked,
    rtrim(regexp_replace(entries.headline_text, '(\.{2,6}|…{1,3}|．{3}|·{3})$', '')) as shown,
    headline_key(entries.headline_text) as shown_key,
    coalesce(snapshots.width_limit, feed_widths.width_limit) as width_limit,
from headline_feed_entries as entries
join headline_feed_snapshots as snapshots using (feed_snapshot_id)
left join feed_widths using (feed_id);

-- Full titles with where they stand: of articles, of related links and of other feeds' entries that are not cut.
create or replace temp table titles as
select distinct
    title,
    headline_key(title) as title_key,
    left(folded(title), 6) as prefix,
    capture_id,
    feed_id,
    site,
    article_id,
from (
    select unnest([h.headline_raw, h.headline_text]) as title, c.capture_id, null as feed_id, v.site, v.article_id
    from article_headlines as h
    join article_versions as v using (version_id)
    join captures as c using (version_id)
    where h.headline_role = 'main'
    union all
    select coalesce(shown_full_headline, headline_text), capture_id, null, site, null
    from related_links
    where shown_full_headline is not null or not is_truncated
    union all
    select coalesce(e.shown_full_headline, e.headline_text), o.capture_id, o.feed_id, e.site, null
    from headline_feed_entries as e
    join headline_feed_observations as o using (feed_snapshot_id)
    where e.shown_full_headline is not null or not e.is_truncated
)
where title is not null and length(headline_key(title)) >= 4;

create or replace temp table fitting as
with on_title as (
    -- not cut: the same letters; cut: a longer title that the feed's width cuts to exactly this. What is as wide as the limit and has no
    -- ellipsis may be cut or whole. Folded on both sides: a rendered capture is folded after the cut
    select e.feed_snapshot_id, e.rank, e.feed_id, t.title, t.title_key, t.capture_id, t.article_id, t.feed_id as title_feed_id,
        is_one_site(t.site, e.site) as is_same_site, 'exact' as fit
    from open_entries as e
    join titles as t on t.title_key = e.shown_key
    where not e.is_marked
    union all
    select e.feed_snapshot_id, e.rank, e.feed_id, t.title, t.title_key, t.capture_id, t.article_id, t.feed_id,
        is_one_site(t.site, e.site), 'cut'
    from open_entries as e
    join titles as t on t.prefix = left(folded(e.shown), 6)
    where e.is_truncated
      and starts_with(folded(t.title), folded(e.shown))
      and length(t.title) > length(e.shown)
      and (e.width_limit is null or folded(cut_to_width(t.title, e.width_limit)) = folded(e.shown))
)
select
    on_title.*,
    observations.capture_id is not null as is_same_page,
from on_title
left join headline_feed_observations as observations
    on observations.feed_snapshot_id = on_title.feed_snapshot_id and observations.capture_id = on_title.capture_id
-- a feed does not confirm itself
where on_title.title_feed_id is distinct from on_title.feed_id;

create or replace temp table judged as
with evidence as (
    select feed_snapshot_id, rank, 1 as place, 'shown_full' as method, shown_full_headline as title, headline_key(shown_full_headline) as title_key, 1.0 as trust
    from open_entries
    where shown_full_headline is not null
    union all
    select e.feed_snapshot_id, e.rank, 2, 'url', coalesce(h.headline_raw, a.headline), headline_key(coalesce(h.headline_raw, a.headline)), 1.0
    from open_entries as e
    join articles as a using (canonical_url)
    left join (
        select v.article_id, max_by(h.headline_raw, v.rowid) as headline_raw
        from article_headlines as h join article_versions as v using (version_id)
        where h.headline_role = 'main'
        group by v.article_id
    ) as h using (article_id)
    -- an entry may lead to a page with another headline; then the URL tells the article but not the headline
    where starts_with(headline_key(coalesce(h.headline_raw, a.headline)), headline_key(e.shown))
    union all
    select feed_snapshot_id, rank, case when is_same_page then 3 when is_same_site then 4 else 5 end,
        case when is_same_page then 'same_page_' else 'warehouse_' end || fit, title, title_key,
        case when is_same_page then 1.0 when is_same_site then 0.95 else 0.85 end * case fit when 'exact' then 1.0 else 0.95 end
    from fitting
),

nearest as (
    select *
    from evidence
    qualify place = min(place) over (partition by feed_snapshot_id, rank)
)

select
    feed_snapshot_id,
    rank,
    min(method) as method,
    count(distinct title_key) as candidate_count,
    -- of titles that differ by punctuation alone, the one that most places show
    mode(title order by title) as title,
    min(title_key) as title_key,
    max(trust) as trust,
from nearest
group by feed_snapshot_id, rank;

create or replace temp table title_articles as
select title_key, site, min(article_id) as article_id, count(distinct article_id) as article_count
from titles
where article_id is not null
group by title_key, site;

delete from headline_resolutions;

insert into headline_resolutions by name
select
    e.feed_snapshot_id,
    e.rank,
    e.site,
    case when j.candidate_count is null then 'unresolved' when j.candidate_count = 1 then 'resolved' else 'ambiguous' end as resolution_status,
    j.method as resolution_method,
    round(j.trust / j.candidate_count, 3) as confidence,
    coalesce(j.candidate_count, 0) as candidate_count,
    case when j.candidate_count = 1 then j.title end as full_headline,
    coalesce(
        by_url.article_id,
        case when j.candidate_count = 1 and t.article_count = 1 then t.article_id end
    ) as resolved_article_id,
from open_entries as e
left join judged as j using (feed_snapshot_id, rank)
left join title_articles as t on t.title_key = j.title_key and is_one_site(t.site, e.site)
left join (select canonical_url, min(article_id) as article_id from articles where canonical_url is not null group by all) as by_url
    on by_url.canonical_url = e.canonical_url;

drop table open_entries;
drop table titles;
drop table fitting;
drop table judged;
drop table title_articles
