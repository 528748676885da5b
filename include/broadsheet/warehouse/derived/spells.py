"""How long a headline stood at a rank: unbroken stays, known as intervals between observations.

Only observations with a known time count. A new observation changes the stays that had not ended before it; a late one those around it.
"""

from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.statements import run_sql


def update(changes: Changes) -> None:
    """Bring `headline_spells` up to date."""
    run_sql(changes.connection, "derived/headline_spells.sql")
    changes.replace("headline_spells", "select feed_id, rank, headline_key, first_observed_at from ending_spells", "from spells_anew")
