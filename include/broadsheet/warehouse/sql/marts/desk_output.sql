-- One row per editor, channel and day of publication on a site.
-- From the version of an article that was seen last. An article with two editors is a row of both; `editor` is NULL for articles that credit
-- none, `channel_path` for those without breadcrumb, `published_date` for those without time.
--
-- site: Site
-- editor: Editor or responsible editor as credited
-- channel_path: Breadcrumb of the articles
-- published_date: Day of publication as the site displays it
-- article_count: Articles
-- char_count: Non-blank characters of their bodies
-- with_original_title_count: Articles that credit an original title
-- edited_count: Articles of which more than one version was seen

with editors as (
    select distinct version_id, person_name as editor
    from article_people
    where person_role in ('editor', 'responsible_editor')
),

with_original_title as (
    select distinct version_id
    from article_headlines
    where headline_role = 'original'
)

select
    articles.site,
    editors.editor,
    channels.channel_path,
    versions.published_at_local::date as published_date,
    count(*) as article_count,
    sum(versions.char_count)::bigint as char_count,
    count(with_original_title.version_id) as with_original_title_count,
    count(*) filter (current_versions.version_count > 1) as edited_count,
from current_versions
join article_versions as versions using (version_id)
join articles on articles.article_id = current_versions.article_id
left join editors using (version_id)
left join with_original_title using (version_id)
left join channels using (channel_id)
group by articles.site, editors.editor, channels.channel_path, published_date
