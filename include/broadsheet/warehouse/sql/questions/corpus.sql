-- How much text is there for a corpus, and under which rights?
-- Each text once, of the versions that were seen last. `rights`: whether the page's own notice covers the article; NULL where it shows none.

select
    language,
    rights_applies as rights,
    count(*) as texts,
    sum(char_count) as characters,
    sum(article_count) as articles,
    count(*) filter (site_count > 1) as on_several_sites,
from corpus
group by language, rights_applies
order by texts desc, language, rights
