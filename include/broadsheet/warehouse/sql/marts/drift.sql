-- One row per incident.
-- Days from which on a site, its layout or a feed is unlike the days before, with a page to look at of the day and one of before. The rules are
-- in docs/drift.md, what each kind means in `broadsheet reasons`.
--
-- incident_id: Incident
-- incident_kind: What happened
-- site: Site
-- incident_date: Day of the site on which it began
-- layout_fingerprint: Layout that is new
-- feed_label: Heading of the feed that it is about
-- metric: What was compared with the days before
-- value: Value on the day
-- baseline: Median of the 14 days before
-- deviation: Distance from the baseline in expected spreads
-- capture_count: Captures of the site on the day
-- url: Page of the day as an example
-- url_before: Page of the known day before as an example

select
    incidents.incident_id,
    incidents.incident_kind,
    incidents.site,
    incidents.incident_date,
    incidents.layout_fingerprint,
    feeds.feed_label,
    incidents.metric,
    incidents.value,
    incidents.baseline,
    incidents.deviation,
    incidents.capture_count,
    captures.url,
    captures_before.url as url_before,
from incidents
left join headline_feeds as feeds using (feed_id)
left join captures on captures.capture_id = incidents.example_capture_id
left join captures as captures_before on captures_before.capture_id = incidents.example_capture_id_before
