-- Articles whose cluster or place in it may have changed: those that the load touched, those that have a touched text or pair, and all
-- members of their clusters. An article outside was linked with none of these before, and is not now.
create or replace temp table scope_articles as
with changed_texts as (
    select text_id from touched_texts
    union
    select unnest([text_id, other_text_id]) from added_reprint_pairs
    union
    select unnest([text_id, other_text_id]) from removed_reprint_pairs
),

changed_credits as (
    select version_id from added_article_sources
    union
    select version_id from removed_article_sources
),

changed_sites as (
    select site from added_sites
    union
    select site from removed_sites
),

touched as (
    select article_id from added_articles
    union
    select article_id from removed_articles
    union
    select article_id from added_article_versions
    union
    select article_id from removed_article_versions
    union
    select unnest([article_id, standing_article_id]) from added_article_aliases
    union
    select unnest([article_id, standing_article_id]) from removed_article_aliases
),

changed as (
    from touched
    union
    select standing_article_id from article_aliases semi join touched using (article_id)
    union
    select article_id from standing_versions semi join changed_texts using (text_id)
    union
    select article_id from standing_versions semi join changed_credits using (version_id)
    union
    select article_id from reprint_members semi join changed_sites using (site)
)

select article_id from changed
union
select article_id
from reprint_members
semi join (select cluster_id from reprint_members semi join changed using (article_id)) using (cluster_id);

create or replace temp table scope_clusters as
select distinct cluster_id from reprint_members semi join scope_articles using (article_id);

-- What links articles: an article with its texts, a text with those that are alike.
create or replace temp table links as
with texts as (
    select distinct article_id, text_id
    from standing_versions
    semi join scope_articles using (article_id)
    where text_id is not null
)

select article_id as left_id, text_id as right_id from texts
union all
select text_id, other_text_id from reprint_pairs semi join texts using (text_id)
