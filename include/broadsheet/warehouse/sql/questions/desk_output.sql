-- What do the desks put out?
-- Articles by channel, in the version that was seen last, and how many editors they credit. An article that credits two editors counts for both.

select
    site,
    channel_path as channel,
    sum(article_count) as articles,
    count(distinct editor) as editors,
    count(distinct published_date) as days,
    sum(char_count) // sum(article_count) as characters_each,
    sum(with_original_title_count) as with_original_title,
    sum(edited_count) as edited_since,
from desk_output
where editor is not null
group by site, channel_path
order by articles desc, site, channel
limit 8
