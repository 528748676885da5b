-- What do the desks put out?
-- Articles by editor, in the version that was seen last; an article that credits two editors counts for both.

select
    site,
    editor,
    sum(article_count) as articles,
    count(distinct channel_path) as channels,
    count(distinct published_date) as days,
    sum(char_count) // sum(article_count) as characters_each,
    sum(with_original_title_count) as with_original_title,
from desk_output
where editor is not null
group by site, editor
order by articles desc, site, editor
limit 5
