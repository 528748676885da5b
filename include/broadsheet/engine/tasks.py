"""What the guard's parent and its children say to each other about a page."""

from broadsheet.page.profiles import Profiles
from broadsheet.records import Capture, Record

# Forms of an answer: a `PageResult`, or a line of `broadsheet extract --jsonl`.
RESULT, LINE = "result", "line"
# First byte of the answer for a page that was read; other answers are reason and detail.
READ = b"+"


class Task(Record, frozen=True):
    """One page to read."""

    capture: Capture
    content: bytes
    form: str = RESULT
    line_id: str = ""  # of a line
    profiles: Profiles | None = None  # those that may be of the page's site; children read no files
