-- Which reporters and editors work together?
-- Pairs by the number of articles that credit both.

select
    site,
    person_name as reporter,
    other_name as editor,
    other_role as as_what,
    article_count as articles,
from credit_pairs
where person_role in ('reporter', 'author') and other_role in ('editor', 'responsible_editor')
order by articles desc, site, reporter, editor
limit 5
