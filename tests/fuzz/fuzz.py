"""`make fuzz`: mutated pages through the page kernel, many of them, in the guarded pool.

    PYTHONPATH=tests/page python tests/fuzz/fuzz.py --pages 50000 --seed 1

Prints the seed, so that a run can be repeated, and keeps every page that fails in build/fuzz/.
"""

import argparse
import json
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import mutation
from record_rules import broken_rules, read_bytes

from broadsheet.engine.guard import Failure, Limits, guarded

ROOT = Path(__file__).resolve().parents[2]
LIMITS = Limits(page_seconds=20, page_memory_bytes=1 << 30)


def problem(seed: int, number: int) -> str:
    """What is wrong with the record of a page; empty when nothing is."""
    content, media_type, http_charset = mutation.page(seed, number)
    try:
        page = read_bytes(content, media_type=media_type, http_charset=http_charset)
        broken = broken_rules(page)
        if read_bytes(content, media_type=media_type, http_charset=http_charset) != page:
            broken.append("another record the second time")
        return "; ".join(broken)
    except MemoryError:
        raise
    except Exception:
        return traceback.format_exc()


def checker() -> Callable[[bytes], bytes]:
    """The work of the guard's children."""
    mutation.sources()
    problem(0, 0)

    def check(payload: bytes) -> bytes:
        seed, number = json.loads(payload)
        began = time.process_time()
        found = problem(seed, number)
        return json.dumps((time.process_time() - began, found)).encode()

    return check


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=50_000, help="pages to make")
    parser.add_argument("--seed", type=int, default=None, help="a run's seed; from the clock without it")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, default=ROOT / "build" / "fuzz", help="where failing pages go")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else int(time.time())
    print(
        f"seed {seed}, {given.pages} pages from {len(mutation.sources())}, evaluation pages {'among them' if mutation.DEV.is_dir() else 'not there'}",
        flush=True,
    )
    kinds: Counter[str] = Counter()
    seconds: list[float] = []
    jobs = ((number, json.dumps((seed, number)).encode()) for number in range(given.pages))
    for number, answer in guarded("fuzz:checker", jobs, limits=LIMITS, workers=given.workers):
        if isinstance(answer, Failure):
            found = f"{answer.reason}: {answer.detail}"
        else:
            took, found = json.loads(answer or b"")
            seconds.append(took)
        if found:
            kinds[found.strip().splitlines()[-1][:120]] += 1
            _keep(given.keep, seed, number, found)
        if (number + 1) % 5000 == 0:
            print(f"{number + 1} pages, {sum(kinds.values())} failed", flush=True)
    seconds.sort()
    if seconds:
        print(
            f"CPU seconds a page, made and read twice: median {seconds[len(seconds) // 2]:.4f}, 99.9 % {seconds[int(len(seconds) * 0.999)]:.3f}, most {seconds[-1]:.3f}"
        )
    for kind, count in kinds.most_common():
        print(f"{count:6} {kind}")
    print(f"{given.pages} pages, {sum(kinds.values())} failed, seed {seed}" + (f"; kept in {given.keep}" if kinds else ""))
    return 1 if kinds else 0


def _keep(folder: Path, seed: int, number: int, found: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content, media_type, http_charset = mutation.page(seed, number)
    name = f"{seed}-{number}"
    (folder / f"{name}.{'txt' if media_type == 'text/plain' else 'html'}").write_bytes(content)
    (folder / f"{name}.problem").write_text(f"media_type {media_type}, http_charset {http_charset}\n{found}\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
