-- The last incidents, the newest first.
select
    incidents.incident_id,
    incidents.incident_kind,
    incidents.incident_date,
    incidents.site,
    feeds.feed_label,
    incidents.feed_id,
    incidents.layout_fingerprint,
    incidents.metric,
    incidents.value,
    incidents.baseline,
    incidents.deviation,
    incidents.example_capture_id,
    incidents.example_capture_id_before,
from incidents
left join headline_feeds as feeds using (feed_id)
where ($site is null or incidents.site = $site) and ($kind is null or incidents.incident_kind = $kind)
order by incidents.incident_date desc, incidents.site, incidents.incident_kind, incidents.incident_id
limit $row_limit
