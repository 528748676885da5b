-- Which pages are gone, and had they been promoted?
-- When a page went is known as an interval: after `seen_last`, not after `gone_by`. `best_rank`: highest place in a headline feed; NULL where no
-- feed is known to have shown it. `back_by`: captured again since.

select
    gone.site,
    gone.headline,
    strftime(gone.last_captured_at, '%m-%d %H:%M') as seen_last,
    strftime(gone.first_absent_at, '%m-%d %H:%M') as gone_by,
    gone.absence_kind as how,
    strftime(gone.back_at, '%m-%d %H:%M') as back_by,
    promoted.best_rank,
    strftime(promoted.last_observed_at, '%m-%d %H:%M') as promoted_last,
from gone_pages as gone
left join promoted_articles as promoted using (article_id)
order by promoted.best_rank nulls last, gone.site, gone.canonical_url
limit 8
