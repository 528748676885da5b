"""The search index: how much each article version is about which terms.

Every version is a document; the macro `search` shows the best one of each article. The numbers of documents and terms are hashes, so that they do
not depend on the order of loading, and so that a question finds its terms' numbers by itself. How many documents have a term is not kept but counted
when it is asked for: all its postings are read then anyway.
"""

from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.statements import run_sql
from broadsheet.warehouse.terms import terms

CHUNK = 5_000  # rows of article_versions whose terms are counted at a time: some 20 MB of text, and 2 million postings


def update(changes: Changes) -> None:
    """Index the versions whose text a load brought, and forget those whose text went: `search_documents`, `search_terms`, `search_postings`."""
    changes.connection.execute(
        "create or replace temp table touched as "
        "select version_id from added_article_versions union select version_id from removed_article_versions "
        "union select version_id from added_article_headlines union select version_id from removed_article_headlines"
    )
    was_known = _forget(changes)
    _index(changes)
    if was_known:
        changes.remove("search_terms", "select term_number from removed_search_postings anti join search_postings using (term_number)")
    changes.connection.execute("drop table touched")


def _forget(changes: Changes) -> bool:
    """Remove the documents of touched versions; whether there were any."""
    changes.connection.execute(
        "create or replace temp table stale as select document_number from search_documents semi join touched using (version_id)"
    )
    was_known = changes.remove("search_documents", "from stale") > 0
    if was_known:  # else the postings need not be read
        changes.remove("search_postings", "from stale")
    changes.connection.execute("drop table stale")
    return was_known


def _index(changes: Changes) -> None:
    """Add the documents, terms and postings of touched versions."""
    connection = changes.connection
    for name in ("documents", "terms", "postings"):
        connection.execute(f"create or replace temp table new_{name} as from search_{name} limit 0")
    connection.create_function("terms_of", lambda text: " ".join(terms(text)), ["VARCHAR"], "VARCHAR")
    try:
        first, last = connection.execute("select min(rowid), max(rowid) from article_versions semi join touched using (version_id)").fetchall()[0]
        for start in range(first, last + 1, CHUNK) if first is not None else ():
            rows = f"article_versions.rowid >= {start} and article_versions.rowid < {start + CHUNK}"
            connection.execute(f"create or replace temp table chunk as from article_versions semi join touched using (version_id) where {rows}")
            run_sql(connection, "derived/search_postings.sql")
    finally:
        connection.remove_function("terms_of")
    changes.add("search_documents", "from new_documents")
    changes.add("search_terms", "from new_terms")
    # of new documents alone, so that none of them is there: to look would be to read the whole index
    connection.execute("alter table new_postings rename to fresh")
    changes.insert_fresh("search_postings")
    for scratch in ("new_documents", "new_terms"):
        connection.execute(f"drop table {scratch}")
