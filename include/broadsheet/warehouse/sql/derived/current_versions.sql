-- Articles are those that stand for themselves. Where one only gained versions or captures, what came is added to what is known of it. What
-- went cannot be taken off a maximum: such articles, and those whose ids stand otherwise, are counted anew from all that they have.
create or replace temp table recounted_articles as
with touched as (
    select unnest([article_id, standing_article_id]) as article_id
    from (from added_article_aliases union all from removed_article_aliases)
    union
    select article_id from removed_article_versions
    union
    select article_id from article_versions semi join removed_captures using (version_id)
)

select article_id from touched
union
select standing_article_id from article_aliases semi join touched using (article_id);

create or replace temp table coming_versions as
select version_id, article_id
from standing_versions
semi join recounted_articles using (article_id)
union all
select version_id, article_id
from standing_versions
semi join added_article_versions using (version_id)
anti join recounted_articles using (article_id);

create or replace temp table coming_captures as
select versions.article_id, version_id, captured_at
from captures
join (from standing_versions semi join recounted_articles using (article_id)) as versions using (version_id)
union all
select versions.article_id, version_id, captured_at
from added_captures
join (from standing_versions anti join recounted_articles using (article_id)) as versions using (version_id);

create or replace temp table changed_articles as
from recounted_articles
union
select article_id from coming_versions
union
select article_id from coming_captures;

create or replace temp table current_versions_anew as
with parts as (
    select article_id, version_id, version_count, capture_count, first_captured_at, last_captured_at
    from current_versions
    semi join changed_articles using (article_id)
    anti join recounted_articles using (article_id)
    union all
    select article_id, version_id, 1, 0, null, null
    from coming_versions
    union all
    select article_id, version_id, 0, count(*), min(captured_at), max(captured_at)
    from coming_captures
    group by article_id, version_id
)

-- A version without a known time cannot be the later one; of two that were seen last at one instant it is that of the greater id.
select
    article_id,
    arg_max(version_id, (last_captured_at is not null, last_captured_at, version_id)) as version_id,
    sum(version_count)::bigint as version_count,
    sum(capture_count)::bigint as capture_count,
    min(first_captured_at) as first_captured_at,
    max(last_captured_at) as last_captured_at,
from parts
group by article_id
