-- Stays of a feed's headlines at its ranks that touch a time, with what stands behind each.
select
    spells.rank,
    spells.headline_key,
    spells.headline_text,
    greatest(spells.first_observed_at, $begins_at) as begins_at,
    least(coalesce(spells.gone_before, spells.last_observed_at), $ends_at) as ends_at,
    spells.first_observed_at,
    spells.last_observed_at,
    spells.observation_count,
    resolutions.resolution_status,
    resolutions.resolution_method,
    resolutions.confidence,
    resolutions.candidate_count,
    resolutions.full_headline,
    resolutions.resolved_article_id as article_id,
from headline_spells as spells
left join headline_resolutions as resolutions using (feed_headline_id)
where spells.feed_id = $feed_id
    and spells.first_observed_at < $ends_at
    and coalesce(spells.gone_before, spells.last_observed_at) > $begins_at
order by spells.first_observed_at, spells.rank
