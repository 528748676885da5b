-- One row per unbroken absence of a URL that had been captured before.
-- Where a page was that is not there, from captures and absences with a known time only. The page went after `last_captured_at` and not after
-- `first_absent_at`; it was back after `last_absent_at` and not after `back_at`, NULL where it was not captured since. The URL is gone: its
-- article may still be found at another. An absence before the first capture, or of a URL never captured, is in `page_absences` alone.
--
-- site: Site
-- canonical_url: URL that is gone
-- article_id: Article that its last capture showed; NULL on other pages
-- headline: Headline of that article, as last captured here
-- last_capture_id: Last capture before the absence
-- last_captured_at: When that was
-- absence_kind: How the first answer said that the page was not there
-- http_status: Its HTTP status
-- redirect_url: Where it led, if it was a redirect
-- first_absent_at: First answer that it was not there
-- last_absent_at: Last such answer before it was back, or the last known
-- absence_count: Answers that it was not there
-- back_at: First capture since; NULL if there is none

with absent as (
    select *
    from page_absences
    where observed_at is not null
),

-- A capture is of the URL that is gone if it has the same canonical URL, or was fetched at the same address: its page may state another
-- canonical URL than that.
captured as (
    select
        absent.canonical_url,
        captures.captured_at,
        captures.capture_id,
        captures.article_id,
        captures.version_id,
    from (select distinct canonical_url from absent) as absent
    join captures using (canonical_url)
    where captures.captured_at is not null
    union all
    select
        absent.canonical_url,
        captures.captured_at,
        captures.capture_id,
        captures.article_id,
        captures.version_id,
    from (select distinct canonical_url, url from absent) as absent
    join captures using (url)
    where captures.captured_at is not null and captures.canonical_url is distinct from absent.canonical_url
),

seen as (
    select
        canonical_url,
        captured_at,
        min(capture_id) as capture_id,
        arg_min_null(article_id, capture_id) as article_id,
        arg_min_null(version_id, capture_id) as version_id,
        lead(captured_at) over (partition by canonical_url order by captured_at) as next_captured_at,
    from captured
    group by canonical_url, captured_at
),

-- The capture before each absence; of one instant, the capture counts as the later.
placed as (
    select
        absent.*,
        seen.captured_at,
    from absent
    asof join seen on seen.canonical_url = absent.canonical_url and seen.captured_at < absent.observed_at
),

gone as (
    select
        canonical_url,
        captured_at,
        arg_min(site, (observed_at, absence_id)) as site,
        arg_min(absence_kind, (observed_at, absence_id)) as absence_kind,
        arg_min(http_status, (observed_at, absence_id)) as http_status,
        arg_min_null(redirect_url, (observed_at, absence_id)) as redirect_url,
        min(observed_at) as first_absent_at,
        max(observed_at) as last_absent_at,
        count(*) as absence_count,
    from placed
    group by canonical_url, captured_at
)

select
    gone.site,
    gone.canonical_url,
    seen.article_id,
    versions.headline,
    seen.capture_id as last_capture_id,
    seen.captured_at as last_captured_at,
    gone.absence_kind,
    gone.http_status,
    gone.redirect_url,
    gone.first_absent_at,
    gone.last_absent_at,
    gone.absence_count,
    seen.next_captured_at as back_at,
from gone
join seen using (canonical_url, captured_at)
left join article_versions as versions using (version_id)
