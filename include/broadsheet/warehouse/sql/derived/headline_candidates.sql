-- Headlines that feeds show now and did not before, or show at another width: all titles are tried for them. A state's own width goes
-- before the feed's.
create or replace temp table shown_headlines as
with touched as (
    select feed_headline_id from added_headline_feed_entries
    union
    select feed_headline_id from removed_headline_feed_entries
    union
    select entries.feed_headline_id
    from headline_feed_entries as entries
    join headline_feed_snapshots as snapshots using (feed_snapshot_id)
    semi join changed_widths using (feed_id)
    union
    select feed_headline_id from headline_feed_entries semi join removed_headline_feed_snapshots using (feed_snapshot_id)
)
select
    entries.feed_headline_id,
    snapshots.feed_id,
    min(entries.site) as site,
    min(entries.headline_text) as headline_text,
    headline_key(min(entries.headline_text)) as headline_key,
    rtrim(regexp_replace(min(entries.headline_text), '(\.{2,6}|…{1,3}|．{3}|·{3})$', '')) as shown_text,
    min(entries.canonical_url) as canonical_url,
    bool_or(entries.is_truncated) as is_truncated,
    coalesce(max(snapshots.width_limit), max(widths.width_limit)) as width_limit,
from headline_feed_entries as entries
semi join touched using (feed_headline_id)
join headline_feed_snapshots as snapshots using (feed_snapshot_id)
left join (from headline_feed_widths where is_learned) as widths using (feed_id)
group by entries.feed_headline_id, snapshots.feed_id;

create or replace temp table shown_headlines as
select
    *,
    case
        when not is_truncated then null
        when length(shown_text) >= 16 then left(folded(shown_text), 16)
        when length(shown_text) >= 8 then left(folded(shown_text), 8)
        when length(shown_text) >= 4 then left(folded(shown_text), 4)
    end as shown_prefix,
from shown_headlines;

create or replace temp table lost_headlines as
select distinct feed_headline_id
from removed_headline_feed_entries
anti join headline_feed_entries using (feed_headline_id);

-- Headlines whose evidence is gathered anew: those above that are not as they were, and those that lose a title, an article or a page.
create or replace temp table open_headlines as
select feed_headline_id from shown_headlines
anti join headline_resolutions as known
    on known.feed_headline_id = shown_headlines.feed_headline_id
    and known.is_truncated = shown_headlines.is_truncated
    and known.width_limit is not distinct from shown_headlines.width_limit
    and known.canonical_url is not distinct from shown_headlines.canonical_url
union
select feed_headline_id from headline_candidates semi join lost_titles using (title)
union
select entries.feed_headline_id
from removed_headline_feed_observations as observations
join (from headline_feed_entries union all from removed_headline_feed_entries) as entries using (feed_snapshot_id)
union
-- beside another feed or a version that their page no longer shows
select entries.feed_headline_id
from headline_feed_observations as observations
semi join (
    select capture_id from removed_headline_feed_observations
    union
    select captures.capture_id
    from captures
    join removed_captures as before using (capture_id)
    where captures.version_id is distinct from before.version_id
) as changed_captures using (capture_id)
join headline_feed_entries as entries using (feed_snapshot_id)
union
select known.feed_headline_id
from headline_resolutions as known
semi join removed_articles as gone on gone.canonical_url = known.canonical_url or gone.article_id = known.resolved_article_id
union
-- entries that give their full headline came or went
select feed_headline_id from added_headline_feed_entries where shown_full_headline is not null
union
select feed_headline_id from removed_headline_feed_entries where shown_full_headline is not null;

create or replace temp table headlines as
select feed_headline_id, feed_id, site, headline_text, headline_key, shown_text, shown_prefix, canonical_url, is_truncated, width_limit
from shown_headlines
union all
select feed_headline_id, feed_id, site, headline_text, headline_key, shown_text, shown_prefix, canonical_url, is_truncated, width_limit
from headline_resolutions
anti join shown_headlines using (feed_headline_id)
anti join lost_headlines using (feed_headline_id);

-- Headlines whose article is looked up anew: articles stand for others now and did not before, or the other way round, or titles of articles
-- came or went. A title that was known from a link tells nothing new of the headline but may tell its article.
create or replace temp table relinked_headlines as
with restanding as (
    select unnest([article_id, standing_article_id]) as article_id
    from (from added_article_aliases union all from removed_article_aliases)
),

title_keys as (
    select title_key from headline_titles semi join restanding using (article_id)
    union
    select title_key from new_titles where article_id is not null
    union
    select headline_key(title) from lost_titles where article_id is not null
)

select headlines.feed_headline_id
from headlines
semi join (from articles semi join restanding using (article_id)) as articles using (canonical_url)
union
select feed_headline_id from headline_candidates semi join title_keys using (title_key);

-- Headlines that may be cut, as all of their letters that are shown: all open ones, of others those that a new title could continue.
create or replace temp table cut_headlines as
with open as (
    from headlines semi join open_headlines using (feed_headline_id)
),

settled as (
    from headlines anti join open_headlines using (feed_headline_id)
),

lengths as (
    select unnest([16, 8, 4]) as length
),

new_beginnings as (
    select distinct left(new_titles.title_prefix, lengths.length) as title_prefix from new_titles, lengths
)

select feed_headline_id, feed_id, site, shown_prefix, folded(shown_text) as shown_start, width_limit, true as is_open
from open
where shown_prefix is not null
union all
select feed_headline_id, feed_id, site, shown_prefix, folded(shown_text), width_limit, false
from settled
semi join new_beginnings on new_beginnings.title_prefix = settled.shown_prefix;

-- Beginnings of titles that cut headlines are: of all titles for open ones, of the new ones for all. A table of its own, so that no engine joins
-- titles and headlines by less than their letters.
create or replace temp table title_beginnings as
with titles as (
    select title, title_prefix, true as is_open from headline_titles
    union all
    select title, title_prefix, false from new_titles
),

lengths as (
    select unnest([16, 8, 4]) as length
),

beginnings as (
    select titles.is_open, titles.title, left(titles.title_prefix, lengths.length) as shown_prefix
    from titles, lengths
    where length(titles.title_prefix) >= lengths.length
)

select distinct is_open, title, shown_prefix
from beginnings
semi join cut_headlines using (is_open, shown_prefix);

-- Which titles are tried for which headlines. A beginning that very many headlines and titles share (the tenders of one office) would give all
-- pairs of them: so each text is asked for once, however many headlines show it, and titles are compared by all of its letters.
create or replace temp table tried as
with open_headlines_as_shown as (
    select feed_headline_id, feed_id, site, headline_key
    from headlines
    semi join open_headlines using (feed_headline_id)
    where shown_text = rtrim(headline_text)
),

settled_headlines_as_shown as (
    select feed_headline_id, feed_id, site, headline_key
    from headlines
    anti join open_headlines using (feed_headline_id)
    where shown_text = rtrim(headline_text)
),

titles_as_shown as (
    select distinct titles.title, titles.title_key
    from headline_titles as titles
    semi join open_headlines_as_shown as open on open.headline_key = titles.title_key
),

shown_starts as (
    select distinct is_open, shown_prefix, shown_start, width_limit from cut_headlines
),

shown_lengths as (
    select distinct is_open, shown_prefix, length(shown_start) as shown_length from shown_starts
),

long_enough as (
    select distinct is_open, titles.title, shown_lengths.shown_length
    from title_beginnings as titles
    join shown_lengths using (is_open, shown_prefix)
    where length(titles.title) > shown_lengths.shown_length
),

begun as (
    select is_open, title, folded(left(title, shown_length)) as shown_start from long_enough
),

-- A longer title that the feed's width cuts to exactly this. Folded on both sides: a rendered capture is folded after the cut.
cut_titles as (
    select is_open, shown_start, shown_starts.width_limit, begun.title
    from begun
    join shown_starts using (is_open, shown_start)
    where shown_starts.width_limit is null or folded(cut_to_width(begun.title, shown_starts.width_limit)) = shown_start
)

-- not cut: the same letters. What is as wide as the limit and has no ellipsis may be cut or whole
select distinct headlines.feed_headline_id, headlines.feed_id, headlines.site, titles.title, 'exact' as fit
from open_headlines_as_shown as headlines
join titles_as_shown as titles on titles.title_key = headlines.headline_key
union all
select distinct headlines.feed_headline_id, headlines.feed_id, headlines.site, titles.title, 'exact'
from settled_headlines_as_shown as headlines
join (select distinct title, title_key from new_titles) as titles on titles.title_key = headlines.headline_key
union all
select distinct headlines.feed_headline_id, headlines.feed_id, headlines.site, cut_titles.title, 'cut'
from cut_headlines as headlines
join cut_titles
    on cut_titles.is_open = headlines.is_open
    and cut_titles.shown_start = headlines.shown_start
    and cut_titles.width_limit is not distinct from headlines.width_limit;

-- Those that anything but the headline's own feed shows: a feed does not confirm itself. Rows of a title are very many where it is a common one:
-- it is the first and the last of their feeds, of all and of each site, that are asked whether there is another.
create or replace temp table found as
with feeds_by_site as (
    select
        title,
        site,
        min(title_key) as title_key,
        min(coalesce(feed_id, '-')) as first_feed,
        max(coalesce(feed_id, '-')) as last_feed,
    from headline_titles
    semi join tried using (title)
    group by title, site
),

feeds as (
    select title, min(title_key) as title_key, min(first_feed) as first_feed, max(last_feed) as last_feed
    from feeds_by_site
    group by title
)

select
    tried.feed_headline_id,
    tried.title,
    min(tried.site) as site,
    min(feeds.title_key) as title_key,
    max(tried.fit) as candidate_fit, -- exact goes before cut
    bool_or(coalesce(tried.feed_id <> own.first_feed or tried.feed_id <> own.last_feed, false)) as is_same_site,
from tried
join feeds using (title)
left join feeds_by_site as own on own.title = tried.title and is_one_site(own.site, tried.site)
where tried.feed_id <> feeds.first_feed or tried.feed_id <> feeds.last_feed
group by tried.feed_headline_id, tried.title;

-- What the page itself gives for an entry, and the headlines of the article that its URL leads to. An entry may lead to a page with
-- another headline; then the URL tells the article but not the headline.
create or replace temp table told as
with titled_articles as (
    select article_id from added_article_versions
    union
    select article_id from article_versions semi join removed_article_headlines using (version_id)
)

select
    entries.feed_headline_id,
    entries.shown_full_headline as title,
    min(entries.site) as site,
    true as is_shown,
    false as is_by_url,
from headline_feed_entries as entries
semi join open_headlines using (feed_headline_id)
where entries.shown_full_headline is not null
group by all
union all
select distinct headlines.feed_headline_id, title.headline_raw, headlines.site, false, true
from (
    select headlines.feed_headline_id, headlines.site, headlines.shown_text, articles.article_id
    from headlines
    semi join open_headlines using (feed_headline_id)
    join articles using (canonical_url)
    union
    select headlines.feed_headline_id, headlines.site, headlines.shown_text, articles.article_id
    from headlines
    join (from articles semi join titled_articles using (article_id)) as articles using (canonical_url)
) as headlines
join article_versions as versions using (article_id)
join article_headlines as title using (version_id)
where title.headline_role = 'main' and starts_with(headline_key(title.headline_raw), headline_key(headlines.shown_text));

-- Captures to look at for a headline and its full one side by side: those whose rows are new or read otherwise, and all that show an open headline.
create or replace temp table pages as
select capture_id, row_number() over (order by capture_id) // 50000 as chunk
from (
    select capture_id from added_captures
    union
    select capture_id from added_headline_feed_observations
    union
    select capture_id from added_related_links
    union
    select capture_id from captures semi join added_article_headlines using (version_id)
    union
    select capture_id from headline_feed_observations semi join removed_headline_feed_entries using (feed_snapshot_id)
    union
    select observations.capture_id
    from headline_feed_observations as observations
    semi join (
        select entries.feed_snapshot_id from headline_feed_entries as entries semi join open_headlines using (feed_headline_id)
    ) as states using (feed_snapshot_id)
);
