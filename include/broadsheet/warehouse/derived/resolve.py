"""Which full headline stands behind a headline that a feed shows, perhaps cut.

Titles are tried from the nearest to the farthest: what the page itself gives for the entry, the article that its URL leads to, titles
on the same pages, titles of the same site, titles anywhere. A cut headline fits a title if cutting the title to the feed's width gives
exactly the headline. One fitting title resolves the headline, several leave it ambiguous.

What a load brings is tried on what is there, and the other way round: new titles on all headlines, all titles on new headlines. Evidence
only adds up, so that the order of loads does not matter; where rows went, the headlines that lose something are done anew.
"""

from broadsheet.text import cut
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.statements import joined_as_written, row_count, run_sql, sql_text

_TITLE_ID = "left(sha256(concat_ws(chr(31), title, site, coalesce(feed_id, '-'), coalesce(article_id, '-'))), 20)"


def update(changes: Changes) -> None:
    """Bring `headline_feed_widths`, `headline_titles`, `headline_candidates` and `headline_resolutions` up to date."""
    connection = changes.connection
    connection.create_function("cut_to_width", _cut, ["VARCHAR", "INTEGER"], "VARCHAR")
    try:
        _learn_widths_and_titles(changes)
        _weigh(changes)
    finally:
        connection.remove_function("cut_to_width")


def _learn_widths_and_titles(changes: Changes) -> None:
    connection = changes.connection
    run_sql(connection, "derived/headline_titles.sql")
    learned = "select feed_id, width_limit from headline_feed_widths semi join touched_feeds using (feed_id) where is_learned"
    connection.execute(f"create or replace temp table widths_before as {learned}")
    changes.replace("headline_feed_widths", "from touched_feeds", "from feed_widths")
    connection.execute(f"create or replace temp table widths_after as {learned}")
    connection.execute(
        "create or replace temp table changed_widths as select distinct feed_id from "
        "((from widths_after except from widths_before) union all (from widths_before except from widths_after))"
    )
    if row_count(connection, "lost_titles"):  # else the rows that show titles need not be read
        changes.remove("headline_titles", sql_text("derived/headline_titles_gone.sql"))
    connection.execute(f"create or replace temp table titled as select *, {_TITLE_ID} as title_id from fresh_titles")
    connection.execute(
        "create or replace temp table new_titles as select *, headline_key(title) as title_key, left(folded(title), 16) as title_prefix "
        "from titled anti join headline_titles using (title_id) where length(headline_key(title)) >= 4"
    )
    changes.add("headline_titles", "from new_titles")


def _weigh(changes: Changes) -> None:
    connection = changes.connection
    run_sql(connection, "derived/headline_candidates.sql")
    with joined_as_written(connection):
        run_sql(connection, "derived/headline_evidence.sql")
        for (chunk,) in connection.execute("select distinct chunk from pages order by chunk").fetchall():
            connection.execute(sql_text("derived/headline_pages.sql"), {"chunk": chunk})
    connection.execute(
        "create or replace temp table affected as select feed_headline_id from evidence union select feed_headline_id from side_by_side "
        "union select feed_headline_id from open_headlines union select feed_headline_id from lost_headlines "
        "union select feed_headline_id from shown_headlines "
        "union select headlines.feed_headline_id from headlines semi join added_articles using (canonical_url) "
        "union select feed_headline_id from relinked_headlines"
    )
    changes.replace("headline_candidates", sql_text("derived/headline_weighed_keys.sql"), sql_text("derived/headline_weighed.sql"))
    changes.replace("headline_resolutions", "from affected", sql_text("derived/headline_resolutions.sql"))


def _cut(text: str, width: int) -> str:
    return cut(text, width)
