-- One version with all that is credited in it.
select
    versions.version_id,
    versions.article_id,
    versions.headline,
    versions.published_at,
    versions.published_at_precision,
    versions.published_at_raw,
    versions.published_at_rule,
    versions.dateline,
    versions.language,
    versions.paragraph_count,
    versions.char_count,
    versions.rights_applies,
    versions.rights_notice,
    channels.channel_path,
from article_versions as versions
left join channels using (channel_id)
where versions.version_id = $version_id
