-- Evidence as it is now.
with beside as (
    select feed_headline_id, title, true as is_found from side_by_side
)

select
    feed_headline_id, title, site, title_key, candidate_fit, is_shown, is_by_url, is_same_page or is_found is not null as is_same_page, is_same_site,
from evidence
left join beside using (feed_headline_id, title)
union all
select feed_headline_id, title, site, title_key, candidate_fit, is_shown, is_by_url, true, is_same_site
from headline_candidates
semi join side_by_side using (feed_headline_id, title)
anti join evidence using (feed_headline_id, title)
