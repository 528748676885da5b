"""Stories that stood in the top five of feeds of several sites within an hour: the hour in which most had one there, of equal ones the first.

From observations with a known time. For the answer, every stay in a top five is compared with all of its story: done once, when they change.
"""

from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.statements import run_sql


def update(changes: Changes) -> None:
    """Bring `shared_top_stories` up to date."""
    run_sql(changes.connection, "derived/shared_top_stories.sql")
    changes.replace("shared_top_stories", "from touched_stories", "from stories_anew")
