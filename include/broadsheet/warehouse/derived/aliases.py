"""Articles that are one publication although they have several ids.

Two kinds: one page under several URLs (http and https, `www.` and `m.`, a folder and its index file), and a page that was captured
without its URL and, at another time, with it. The evidence is asked to be whole: two articles that a page could be leave it what it is.
"""

from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.statements import run_sql


def update(changes: Changes) -> None:
    """Bring `article_aliases` up to date: articles that the load touched, and those near them, are judged anew."""
    run_sql(changes.connection, "derived/article_aliases.sql")
    changes.replace("article_aliases", "from judged_articles", "from wanted_aliases")
