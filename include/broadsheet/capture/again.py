"""Captures that the warehouse knows, staged to be read again from the raw zone."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any

from broadsheet.capture.delivery import capture_id_of
from broadsheet.lake import CAPTURES, Lake, read_records, write_records
from broadsheet.records import Capture, SiteBasis, TimeBasis

# Columns that tell of the delivery alone.
_SAME = (
    "capture_id", "content_sha256", "byte_count", "media_type", "input_path", "captured_before", "http_status",
    "raw_file", "raw_offset", "raw_length",
)  # fmt: skip
_DELIVERED_SITES = (SiteBasis.MANIFEST, SiteBasis.URL)


def delivered_capture(row: Mapping[str, Any]) -> Capture:
    """The capture as it was delivered, from its row of `captures`: without what only reading the page has told.

    A URL that the page states of itself makes no part of the capture's id, by which it is known from one that was delivered. A row
    without the server's charset, as an earlier program wrote it, has it still where the bytes were decoded by it.
    """
    captured_at = row["captured_at"] and row["captured_at"].astimezone(UTC)
    is_delivered = capture_id_of(row["content_sha256"], row["url"], captured_at) == row["capture_id"]
    return Capture(
        **{name: row[name] for name in _SAME},
        url=row["url"] if is_delivered else None,
        site=row["site"] if row["site_basis"] in _DELIVERED_SITES else None,
        site_basis=SiteBasis(row["site_basis"]) if row["site_basis"] in _DELIVERED_SITES else SiteBasis.NONE,
        captured_at=captured_at,
        captured_at_basis=TimeBasis(row["captured_at_basis"]),
        stated_profile=row.get("stated_profile"),
        time_zone=row["time_zone"] if row.get("time_zone_basis") == "source" else None,
        http_charset=row.get("http_charset") or (row["charset"] if row["charset_basis"] == "http" else None),
    )


def stage_known(lake: Lake, run_id: str, shard: int, rows: Iterable[Mapping[str, Any]]) -> int:
    """Add rows of `captures` to the captures of a run's shard; returns how many it has now.

    Parameters
    ----------
    rows : with `first_captures`, the captures that showed first what this one shows too. They are put before it: of several captures that
        show the same, a stage takes what the first says of it.
    """
    target = lake.shard(run_id, "capture", shard) / CAPTURES
    known = list(map(delivered_capture, _firsts_first(list(rows))))
    identities = {capture.capture_id for capture in known}
    others = [capture for capture in read_records(target, Capture) if capture.capture_id not in identities] if target.exists() else []
    return write_records(target, [*known, *others])


def _firsts_first(rows: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The rows in their order, but each after those of its `first_captures` that are among them."""
    waiting = {row["capture_id"]: row for row in rows}
    for row in rows:
        path = [row["capture_id"]] if row["capture_id"] in waiting else []
        seen = set(path)  # a load of several shards at a time may have left a circle
        while path:
            firsts = waiting[path[-1]]["first_captures"]
            first = next((first for first in firsts if first in waiting and first not in seen), None)
            if first is None:
                yield waiting.pop(path.pop())
            else:
                path.append(first)
                seen.add(first)
