"""A host's stories over time: when each comes out, how it is edited, when its page is taken away and whether it comes back."""

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from sampleworld.world import STOCK, Story, World, with_other_ending, with_other_headline
from testweb.hosts import HOSTS, SLOT, Host

# By the last digit of the story's number: another headline, another last paragraph, or one after the other.
_EDITS = {2: (with_other_headline,), 7: (with_other_headline,), 4: (with_other_ending, with_other_headline), 9: (with_other_ending,)}
# Of eleven stories one is taken away, in these ways by turns: status, whether it comes back.
_REMOVED = (6, 11)
_WAYS = ((404, False), (410, False), (404, True), (302, False))
_LATENESS = 0.8  # of the time between two stories, by which one may be late


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which a page is not there: it answers `status`, 302 leading to the front page. Without `end` it stays away."""

    start: datetime
    end: datetime | None
    status: int

    @property
    def absence_kind(self) -> str:
        """By the names of the table `page_absences`."""
        return {404: "gone_404", 410: "gone_410", 302: "redirected_home"}[self.status]

    def holds(self, instant: datetime) -> bool:
        return self.start <= instant and (self.end is None or instant < self.end)


@dataclass(frozen=True, slots=True)
class Life:
    """A story from its publication on: what its page shows from when, and when it is not there."""

    versions: tuple[tuple[datetime, Story], ...]
    gaps: tuple[Gap, ...] = ()

    @property
    def story(self) -> Story:
        return self.versions[0][1]

    def at(self, instant: datetime) -> Story | None:
        """As its page shows it; None before it is out."""
        return next((story for start, story in reversed(self.versions) if start <= instant), None)

    def gap(self, instant: datetime) -> Gap | None:
        return next((gap for gap in self.gaps if gap.holds(instant)), None)

    def version_start(self, instant: datetime) -> datetime:
        return max(start for start, _ in self.versions if start <= instant)


class History:
    """All stories of one host. What the host shows changes at `changes` only, and stands still before the start of the world."""

    def __init__(self, host: Host, lives: list[Life], seed: int, start: datetime, end: datetime) -> None:
        self.host, self.lives, self.seed, self.start, self.end = host, lives, seed, start, end
        self.changes = tuple(sorted({start} | {instant for instant in self._changes() if instant > start}))
        self.out = lru_cache(maxsize=64)(self._out)

    def since(self, instant: datetime) -> datetime:
        """The last change before or at an instant: what is shown then has been shown since."""
        return self.changes[max(bisect_right(self.changes, instant) - 1, 0)]

    def slot(self, instant: datetime) -> tuple[int, datetime]:
        """Number and beginning of the slot of three hours in which an instant lies."""
        number = (instant - self.start) // SLOT
        return number, self.start + number * SLOT

    def random(self, *parts: object) -> random.Random:
        return random.Random(":".join(map(str, (self.seed, self.host.name, *parts))))

    def _out(self, instant: datetime) -> tuple[Story, ...]:
        """Stories whose pages are there, as they are shown, oldest first."""
        shown = (life.at(instant) for life in self.lives if not life.gap(instant))
        return tuple(story for story in shown if story)

    def _changes(self) -> Iterator[datetime]:
        for life in self.lives:
            yield from (start for start, _ in life.versions)
            for gap in life.gaps:
                yield gap.start
                if gap.end:
                    yield gap.end
        slots = (self.end - self.start) // SLOT
        yield from (self.start + number * SLOT for number in range(slots + 1))


def histories(seed: int, start: datetime, days: int, stories_a_day: int) -> dict[str, History]:
    """Of each host by its name. Stories come out until `days` after the start; three more days pass in which pages change."""
    sites = tuple(host.site for host in HOSTS)
    # The world makes half as many stories a site as captures, and its stock.
    world = World(seed, 2 * len(sites) * days * stories_a_day, days, sites, start)
    late = _LATENESS * timedelta(days=days) / (days * stories_a_day)
    placed = {host.name: [_placed(host, story, seed, late) for story in world.stories[host.name]] for host in HOSTS}
    moved = {old.url: new.url for name, stories in placed.items() for old, new in zip(world.stories[name], stories, strict=True)}
    end = start + timedelta(days=days + 3)
    found = {}
    for host in HOSTS:
        stories = (replace(story, reprint_of=moved.get(story.reprint_of or "")) for story in placed[host.name])
        found[host.name] = History(host, [_life(story, seed) for story in stories], seed, start, end)
    return found


def _placed(host: Host, story: Story, seed: int, late: timedelta) -> Story:
    """The story where it stands, some minutes later than planned, unless it is of the stock; without the edits of the sample world."""
    rng = random.Random(f"{seed}:{host.name}:late:{story.number}")
    minutes = rng.randrange(int(late.total_seconds()) // 60 + 1) if story.number >= STOCK else 0
    folder = host.folder.name if host.folder and story.number % host.folder.every == host.folder.first else ""
    return replace(story, published_at=story.published_at + timedelta(minutes=minutes), folder=folder, edited=None, edited_at=None)


def _life(story: Story, seed: int) -> Life:
    rng = random.Random(f"{seed}:{story.site.host}:life:{story.number}")
    versions = [(story.published_at, story)]
    for edit in _EDITS.get(story.number % 10, ()):
        at, last = versions[-1]
        versions.append((at + timedelta(minutes=rng.randrange(120, 540)), _changed(edit, last, rng)))
    gaps = (_gap(story, rng),) if story.number % _REMOVED[1] == _REMOVED[0] else ()
    return Life(tuple(versions), gaps)


def _changed(edit, story: Story, rng: random.Random) -> Story:
    while (changed := edit(story, rng)) == story:
        pass  # chance chose what is there
    return changed


def _gap(story: Story, rng: random.Random) -> Gap:
    status, comes_back = _WAYS[story.number // _REMOVED[1] % len(_WAYS)]
    start = story.published_at + timedelta(minutes=rng.randrange(10 * 60, 36 * 60))
    return Gap(start, start + timedelta(minutes=rng.randrange(9 * 60, 15 * 60)) if comes_back else None, status)
