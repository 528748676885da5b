-- Headlines of a feed and their candidates that stand on one capture of the chunk, elsewhere than in that feed.
insert into side_by_side
with chunk as (
    select capture_id from pages where chunk = $chunk
),

seen_headlines as (
    select distinct entries.feed_headline_id, observations.feed_id, observations.capture_id
    from headline_feed_observations as observations
    semi join chunk using (capture_id)
    join headline_feed_entries as entries using (feed_snapshot_id)
),

seen_titles as (
    select unnest([titles.headline_raw, titles.headline_text]) as title, captures.capture_id, null as feed_id
    from captures
    semi join chunk using (capture_id)
    join article_headlines as titles using (version_id)
    where titles.headline_role = 'main'
    union all
    select coalesce(shown_full_headline, headline_text), capture_id, null
    from related_links
    semi join chunk using (capture_id)
    where shown_full_headline is not null or not is_truncated
    union all
    select coalesce(entries.shown_full_headline, entries.headline_text), observations.capture_id, observations.feed_id
    from headline_feed_observations as observations
    semi join chunk using (capture_id)
    join headline_feed_entries as entries using (feed_snapshot_id)
    where entries.shown_full_headline is not null or not entries.is_truncated
),

asked as (
    select feed_headline_id, title
    from (
        select feed_headline_id, title from evidence where candidate_fit is not null and not is_same_page
        union all
        select feed_headline_id, title
        from headline_candidates
        anti join open_headlines using (feed_headline_id)
        anti join evidence using (feed_headline_id, title)
        where candidate_fit is not null and not is_same_page
    )
    semi join seen_headlines using (feed_headline_id)
    semi join seen_titles using (title)
    anti join side_by_side using (feed_headline_id, title)
)

select distinct asked.feed_headline_id, asked.title
from asked
join seen_headlines using (feed_headline_id)
join seen_titles
    on seen_titles.capture_id = seen_headlines.capture_id and seen_titles.title = asked.title
    and seen_titles.feed_id is distinct from seen_headlines.feed_id
