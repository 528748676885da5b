"""`make bench`: how fast the page kernel is beside other extractors, and what the guard costs.

Everything in one run and in CPU time. Each round gives every system the same pages, in an order that rotates, so that load on the machine
hits all alike; figures are medians over the rounds. The last line is one line of JSON with the figures by name. docs/benchmarks.md has more.
"""

import argparse
import gc
import gzip
import json
import logging
import os
import platform
import resource
import statistics
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[1]
DEV = ROOT.parent / "shared" / "evaluation" / "dev"
sys.path.insert(0, str(ROOT / "examples"))

ENGLISH, CHINESE, ALL, GENERATED = "English benchmark", "Chinese", "all dev", "generated"
OURS, FAST, BARE = "broadsheet", "trafilatura, fast", "bare parsing"
System = Callable[[bytes], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds that are measured, after one to warm up")
    parser.add_argument("--pages", type=int, default=60, help="pages of a set, evenly spread; all of the English benchmark pages are taken")
    parser.add_argument("--without-guard", action="store_true", help="leave the guard out")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)

    sets = page_sets(given.pages)
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    if ENGLISH not in sets:
        print("The evaluation pages are not beside the project: measured on generated pages only.")
    systems = all_systems()
    rates = {name: pages_per_second(systems, pages, given.rounds) for name, pages in sets.items()}
    show(sets, rates)

    main_set = rates.get(ENGLISH, rates[GENERATED])
    figures = {
        "ratio_vs_trafilatura_fast": round(main_set[OURS] / main_set[FAST], 2),
        "pages_per_cpu_s": round(main_set[OURS], 1),
        "share_of_parse_only": round(main_set[OURS] / main_set[BARE], 3),
    }
    if not given.without_guard:
        figures["guard_overhead"] = round(guard_overhead(guard_pages(), given.rounds), 3)
        print(f"guard: {figures['guard_overhead']:+.1%} CPU over the plain loop, children included, start-up not")
    print(json.dumps(figures))


# --- pages -----------------------------------------------------------------------------------------------------------------


def page_sets(limit: int) -> dict[str, list[bytes]]:
    """Pages by set, as bytes."""
    sets = {}
    if DEV.is_dir():
        rows = [json.loads(line) for line in (DEV / "truth.jsonl").read_text("utf-8").splitlines()]
        sets[ENGLISH] = [_dev_page(row["id"]) for row in rows if row.get("group") == "scrapinghub"]
        sets[CHINESE] = [_dev_page(row["id"]) for row in _spread([row for row in rows if row.get("lang") == "zh"], limit)]
        sets[ALL] = [_dev_page(row["id"]) for row in _spread(rows, limit)]
    sets[GENERATED] = list(_spread(generated(), limit))
    return sets


def guard_pages() -> list[bytes]:
    """All dev pages, or the generated ones."""
    return [gzip.decompress(path.read_bytes()) for path in sorted((DEV / "pages").glob("*.gz"))] or generated()


def generated() -> list[bytes]:
    from sampleworld import render
    from sampleworld.world import build

    return [render.html_bytes(sighting) for sighting in build(7, 200, 4).captures()]


def _dev_page(page_id: str) -> bytes:
    return gzip.decompress((DEV / "pages" / f"{page_id}.html.gz").read_bytes())


def _spread(items: Sequence, limit: int) -> Sequence:
    return items[:: max(1, len(items) // limit)][:limit]


# --- systems ---------------------------------------------------------------------------------------------------------------


def all_systems() -> dict[str, System]:
    """What takes a page's bytes, by name. Where a library wants text, decoding UTF-8 is counted: it is what its users do."""
    import newspaper  # type: ignore[import-not-found]
    import trafilatura  # type: ignore[import-not-found]
    import turbohtml
    from resiliparse.extract.html2text import extract_plain_text

    def by_newspaper(content: bytes) -> object:
        article = newspaper.Article("https://www.example.com/story", fetch_images=False)
        article.download(input_html=content.decode("utf-8", "replace"))
        article.parse()
        return article.text

    return {
        OURS: our_kernel(),
        "trafilatura": partial(trafilatura.extract),
        FAST: partial(trafilatura.extract, fast=True),
        "resiliparse, main content": lambda content: extract_plain_text(content.decode("utf-8", "replace"), main_content=True),
        "newspaper4k": by_newspaper,
        BARE: turbohtml.parse,
    }


def our_kernel() -> System:
    """Bytes -> Page record, as the extract stage reads a capture."""
    from broadsheet.engine.reading import read_capture

    capture = capture_of(b"")
    return lambda content: read_capture(capture, content)


def capture_of(content: bytes):
    from broadsheet.records import Capture

    return Capture(capture_id="", content_sha256="", byte_count=len(content), media_type="text/html", input_path="")


def forget_pages() -> None:
    """Empty the kernel's bounded caches: a round must not find in them what it left there on the same pages the round before."""
    for name, module in list(sys.modules.items()):
        if name.startswith("broadsheet."):
            for function in vars(module).values():
                if hasattr(function, "cache_parameters") and function.cache_parameters()["maxsize"] is not None:
                    function.cache_clear()
                elif isinstance(function, dict) and hasattr(function, "MOST"):  # class names that were seen
                    function.clear()


# --- measuring -------------------------------------------------------------------------------------------------------------


def pages_per_second(systems: dict[str, System], pages: list[bytes], rounds: int) -> dict[str, float]:
    """Pages per CPU second of each system: median over the rounds."""
    taken: dict[str, list[float]] = {name: [] for name in systems}
    failed: Counter[str] = Counter()
    for number in range(rounds + 1):
        names = list(systems)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            system = systems[name]
            forget_pages()
            gc.collect()
            began = time.process_time()
            for page in pages:
                try:
                    system(page)
                except Exception as error:
                    if name == OURS:
                        raise
                    failed[f"{name}: {type(error).__name__}"] += number == 0
            taken[name].append(time.process_time() - began)
    for what, count in failed.items():
        print(f"{what} on {count} of {len(pages)} pages", file=sys.stderr)
    # the first round warms up
    return {name: len(pages) / statistics.median(seconds[1:]) for name, seconds in taken.items()}


def guard_overhead(pages: list[bytes], rounds: int, passes: int = 3) -> float:
    """CPU of the guarded pool, its processes included, over that of the same reading in a loop, minus 1; median over the rounds.

    Steady state: the pool's CPU is that of `passes` + 1 passes over the pages less that of one pass, so that start-up, and what
    the children learn in their first pass, are not in it.
    """
    from broadsheet.engine import guard
    from broadsheet.engine.extracting import read_pages
    from broadsheet.engine.reading import read_capture
    from broadsheet.engine.tasks import Task

    encode = msgspec.json.Encoder().encode

    def tasks(count: int) -> Iterator[tuple[None, Task]]:
        for _ in range(count):
            for content in pages:
                yield None, Task(capture=capture_of(content), content=content)

    def plain(count: int) -> float:
        began = cpu_seconds()
        for _, task in tasks(count):
            encode(read_capture(task.capture, task.content))
        return cpu_seconds() - began

    def guarded(count: int) -> float:
        began = cpu_seconds()
        for _ in read_pages(tasks(count)):
            pass
        guard.release()  # only processes that have ended are counted
        return cpu_seconds() - began

    plain(1)
    ratios = []
    for _ in range(rounds):
        first = guarded(1)
        whole = guarded(passes + 1)
        ratios.append((whole - first) / plain(passes) - 1)
    return statistics.median(ratios)


def cpu_seconds() -> float:
    """CPU seconds of this process and of those of its children that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


# --- for people --------------------------------------------------------------------------------------------------------------


def show(sets: dict[str, list[bytes]], rates: dict[str, dict[str, float]]) -> None:
    """A Markdown table of pages per CPU second."""
    heads = [f"{name} ({len(pages)} pages, {sum(map(len, pages)) / len(pages) / 1000:.0f} KB)" for name, pages in sets.items()]
    print("\nPages per CPU second, medians\n")
    print("| | " + " | ".join(heads) + " |")
    print("|---|" + "---|" * len(heads))
    for system in next(iter(rates.values())):
        print(f"| {system} | " + " | ".join(f"{rates[name][system]:.1f}" for name in sets) + " |")
    print()


if __name__ == "__main__":
    main()
