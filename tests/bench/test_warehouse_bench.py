"""The generated world is deterministic and sound, and the benchmark comes to its figures."""

import json
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from record_rules import broken_rules
from world import FEED_WIDTH, World

from broadsheet.records import HeadlineRole, ModuleKind, PageKind
from broadsheet.text import cut

BENCH = Path(__file__).resolve().parents[2] / "bench" / "warehouse.py"
NUMBERS = range(0, 20_000, 23)


@pytest.fixture(scope="module")
def results():
    return list(World().captures(NUMBERS))


def test_a_capture_follows_from_seed_and_number_alone(results):
    backwards = World().captures(reversed(NUMBERS))
    assert list(backwards) == results[::-1]
    assert World(seed=8).capture(NUMBERS[-1]) != results[-1]


def test_generated_pages_keep_the_rules_of_records(results):
    assert {rule for result in results for rule in broken_rules(result.page)} == set()
    assert len({result.capture.capture_id for result in results}) == len(results)
    times = [result.capture.captured_at for result in results if result.capture.captured_at]
    assert all(before < after for before, after in pairwise(times))


def test_cut_headlines_are_those_of_stories_that_are_shown_whole_elsewhere():
    world = World()
    shown = {
        item.text.removesuffix("…")
        for number in range(0, 51 * 40, 51)
        for module in world.capture(number).page.modules
        for item in module.items
        if item.is_truncated
    }
    titles = {world.story(0, number).headline for number in range(-20, 9)}
    assert shown
    assert shown <= {cut(title, FEED_WIDTH) for title in titles}


def test_the_world_has_what_it_is_for(results):
    """Reprints with another title, edits, moving feeds, captures at unknown times, front pages, pages that are gone."""
    articles = [result.page for result in results if result.page.page_kind == PageKind.ARTICLE]
    assert 0 < len(results) - len(articles) < 0.1 * len(results)
    assert any(page.headline(HeadlineRole.ORIGINAL) for page in articles)
    assert any(result.capture.captured_at is None for result in results)
    assert 400 < sum(sum(map(len, page.body)) for page in articles) / len(articles) < 900
    truncated = Counter(item.is_truncated for page in articles for module in page.modules if module.width_limit for item in module.items)
    assert 0.4 < truncated[True] / truncated.total() < 0.8
    world = World()
    assert len(list(world.absences(range(200)))) == 4
    stories = [world.story(site, number) for site in range(51) for number in range(100)]
    assert 0.1 < sum(story.source is not None for story in stories) / len(stories) < 0.2
    assert 0.1 < sum(bool(story.edited_after) for story in stories) / len(stories) < 0.25
    feeds = [
        [item.text for item in module.items]
        for number in range(0, 51 * 20, 51)
        for module in world.capture(number).page.modules
        if module.kind == ModuleKind.HEADLINE_FEED and module.is_ranked
    ]
    assert len({tuple(feed) for feed in feeds}) > 10
    assert any(set(before) & set(after) and before != after for before, after in pairwise(feeds))


def test_the_benchmark_ends_with_its_figures(tmp_path):
    command = [sys.executable, BENCH, "--small", "--captures", "100", "--batch", "20", "--loads", "1", "--kills", "1", "--lakes", tmp_path / "lakes"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["captures"], figures["kills"], figures["kills_equal"], figures["reader_errors"]) == (100, 1, 1, 0), done.stderr
    assert {"peak_memory_gb", "load_ratio_1m_vs_100k", "rerun_share", "slowest_mart_s", "search_median_ms"} <= figures.keys()
