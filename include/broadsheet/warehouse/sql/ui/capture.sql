-- A capture with its site's zone, and the article that stands for the one that it shows.
select captures.*, sites.time_zone, coalesce(aliases.standing_article_id, captures.article_id) as standing_article_id
from captures
join sites on sites.site = captures.site
left join article_aliases as aliases on aliases.article_id = captures.article_id
where captures.capture_id = $capture_id
