"""Which stories stand in which order in the lists of a page: rails of article pages, front page, sections, feeds and sitemaps."""

from datetime import datetime, timedelta
from functools import lru_cache

from sampleworld.world import FeedStyle, Story
from testweb.history import History
from testweb.hosts import Section

# A list with the stories in it, in their order.
Shown = tuple[FeedStyle, tuple[Story, ...]]

SECTION_LENGTH, SYNDICATED, IN_NEWS_SITEMAP = 20, 12, timedelta(days=2)
_POPULAR_AMONG, _PROMINENT_AMONG = 40, 24  # newest stories that a list chooses from


@lru_cache(maxsize=64)  # every article page of a host asks for them
def rails(history: History, instant: datetime) -> tuple[Shown, ...]:
    """The site's feeds, which stand beside every article and on the front page."""
    return tuple((style, _by_style(history, style, instant)) for style in history.host.site.feeds)


def front(history: History, instant: datetime) -> tuple[Shown, ...]:
    """The top stories, then the site's feeds."""
    top = history.host.top_style
    return ((top, _prominent(history, instant)[: top.length]), *rails(history, instant))


def section(history: History, of: Section, instant: datetime) -> tuple[Shown, ...]:
    style = FeedStyle(of.label, SECTION_LENGTH, ranked=False, by="recency")
    stories = [story for story in newest(history, instant) if of.channel in (None, story.channel)]
    return ((style, tuple(stories[:SECTION_LENGTH])),)


def newest(history: History, instant: datetime) -> tuple[Story, ...]:
    """All stories that are there, newest first."""
    return history.out(instant)[::-1]


def related(history: History, story: Story, instant: datetime) -> tuple[Story, ...]:
    """Chosen once among the older stories, and shown as long as their pages are there."""
    older = range(max(0, story.number - 30), story.number)
    chosen = history.random("related", story.number).sample(older, min(story.site.related_length, len(older)))
    there = {other.number: other for other in history.out(instant)}
    return tuple(there[number] for number in chosen if number in there)


def neighbours(history: History, story: Story, instant: datetime) -> tuple[Story, ...]:
    """The two newest others."""
    return tuple(other for other in newest(history, instant)[:3] if other.number != story.number)[:2]


def _by_style(history: History, style: FeedStyle, instant: datetime) -> tuple[Story, ...]:
    stories = newest(history, instant) if style.by == "recency" else _popular(history, instant)
    return stories[: style.length]


def _popular(history: History, instant: datetime) -> tuple[Story, ...]:
    """Most read as counted at the slot's beginning, less what has gone since."""
    number, counted_at = history.slot(instant)
    candidates = [story for story in newest(history, instant) if story.published_at <= counted_at][:_POPULAR_AMONG]

    def reads(story: Story) -> float:
        return (story.popularity + 500) * (0.5 + history.random("reads", number, story.number).random())

    return tuple(sorted(candidates, key=lambda story: (-reads(story), story.number)))


def _prominent(history: History, instant: datetime) -> tuple[Story, ...]:
    """The order that editors gave at the slot's beginning; breaking news since then stand before it, the newest first."""
    number, ordered_at = history.slot(instant)
    stories = newest(history, instant)
    candidates = [story for story in stories if story.published_at <= ordered_at][:_PROMINENT_AMONG]

    def weight(story: Story) -> float:
        age = (ordered_at - story.published_at) / timedelta(hours=12)
        return 2 * history.random("weight", story.number).random() + 0.6 * history.random("order", number, story.number).random() - age

    ordered = sorted(candidates, key=lambda story: (-weight(story), story.number))
    breaking = (story for story in stories if story.published_at > ordered_at and is_breaking(story))
    return (*breaking, *ordered)


def is_breaking(story: Story) -> bool:
    return story.number % 9 == 7
