select
    versions.version_id,
    coalesce(aliases.standing_article_id, versions.article_id) as article_id,
    versions.headline,
    versions.body_text,
from article_versions as versions
left join article_aliases as aliases using (article_id)
where versions.version_id = $version_id
