"""A world as files: pages in several formats, a manifest, the truth."""

import gzip
import io
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from sampleworld import render
from sampleworld.world import Sighting, Story, World

# Of ten captures: HTML, packed HTML, WARC, and plain text for the portal (the last of these without URL and time, like a find).
_FORMATS = ("html", "html.gz", "warc", "html.gz", "txt", "warc", "html.gz", "txt.gz", "html.gz", "found.txt")
_GONE_PAGE = "<html><body><p>页面不存在（虚构样例）。</p></body></html>".encode()


def files(world: World) -> Iterator[tuple[str, bytes, dict[str, Any], Sighting]]:
    """(path, bytes, truth, sighting) of each capture that is a file of its own; WARC captures come as path `…#n`."""
    for number, sighting in enumerate(world.captures()):
        form = _FORMATS[(number // 6 + number) % len(_FORMATS)]
        if form in ("txt", "txt.gz", "found.txt") and sighting.story.site.layout != "portal":
            form = "html.gz"
        name = f"{sighting.story.site.host.removeprefix('www.')}-{number:06d}"
        truth = {**render.truth(sighting), "format": form}
        if form == "warc":
            yield f"{name}.warc", render.html_bytes(sighting), truth, sighting
        elif form.startswith("html"):
            yield _packed(f"{name}.{form}", render.html_bytes(sighting), truth, sighting)
        else:
            yield _packed(f"{name}.{form}", render.text(sighting).encode(), truth, sighting)


def _packed(path: str, content: bytes, truth: dict[str, Any], sighting: Sighting):
    return path, gzip.compress(content, mtime=0) if path.endswith(".gz") else content, truth, sighting


def write(world: World, out: Path, *, with_broken: bool = True) -> dict[str, int]:
    """Write `pages/`, `manifest.jsonl`, `truth.jsonl` and `world_truth.json` below `out`; returns the counts."""
    pages = out / "pages"
    pages.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    articles, versions, broken = set(), set(), {}
    last_captured_at: dict[str, str] = {}
    with (
        (out / "manifest.jsonl").open("w", encoding="utf-8") as manifest,
        (out / "truth.jsonl").open("w", encoding="utf-8") as truths,
        WarcFile(pages / "captures.warc.gz") as warc,
    ):
        for path, content, truth, sighting in files(world):
            counts["captures"] += 1
            counts[truth["format"]] += 1
            articles.add((truth["site"], truth["url"]) if truth["format"] != "found.txt" else ("found", truth["published_at"], truth["title"]))
            versions.add((truth["format"] == "found.txt", truth["url"], truth["title"], tuple(truth["body"])))
            if truth["format"] != "found.txt":
                last_captured_at[truth["url"]] = truth["captured_at"]
            if truth["format"] == "warc":
                warc.add(sighting.story, sighting.captured_at, content)
            else:
                (pages / path).write_bytes(content)
                if truth["format"] != "found.txt":
                    row = {
                        "path": f"pages/{path}",
                        "url": truth["url"],
                        "captured_at": truth["captured_at"],
                        "site": truth["site"],
                        "is_synthetic": True,
                    }
                    manifest.write(json.dumps(row, ensure_ascii=False) + "\n")
            truths.write(json.dumps({"path": path, **truth, "is_synthetic": True}, ensure_ascii=False) + "\n")
        for gone in world.gone():
            warc.add(gone.story, gone.observed_at, _GONE_PAGE, gone.status, gone.location)
        if with_broken:
            broken = write_broken(out / "pages" / "broken")
            manifest.write(
                json.dumps({"path": "pages/never-delivered.html", "url": "https://www.yunzhou-net.example/x.html", "is_synthetic": True}) + "\n"
            )
            broken["missing_file"] = 1
    summary = {"is_synthetic": True, "seed": world.seed, "captures": counts["captures"], "articles": len(articles), "versions": len(versions),
               "by_format": {form: counts[form] for form in sorted(set(_FORMATS))}, "rejections": broken,
               "gone_pages": [{"url": gone.story.url, "absence_kind": "redirected_home" if gone.location else "gone_404",
                               "last_captured_at": last_captured_at.get(gone.story.url), "first_absent_at": gone.observed_at.isoformat()}
                              for gone in world.gone()]}  # fmt: skip
    (out / "world_truth.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return summary


class WarcFile:
    """A WARC file of response records; the same captures give the same bytes."""

    def __init__(self, path: Path) -> None:
        self._path, self._count = path, 0

    def __enter__(self) -> "WarcFile":
        self._file = self._path.open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, story: Story, stamp: datetime, content: bytes, status: str = "200 OK", location: str | None = None) -> None:
        self._count += 1
        http_headers = [("Content-Type", f"text/html; charset={story.site.declared}"), ("Date", stamp.strftime("%a, %d %b %Y %H:%M:%S GMT"))]
        if location:
            http_headers.append(("Location", location))
        http = StatusAndHeaders(status, http_headers, protocol="HTTP/1.1")
        headers = {"WARC-Date": stamp.strftime("%Y-%m-%dT%H:%M:%SZ"), "WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-8000-{self._count:012d}>"}
        block = io.BytesIO()
        writer = WARCWriter(block, gzip=False, warc_version="1.1")
        writer.write_record(
            writer.create_warc_record(story.url, "response", payload=io.BytesIO(content), http_headers=http, warc_headers_dict=headers)
        )
        self._file.write(gzip.compress(block.getvalue(), mtime=0))


def write_broken(folder: Path) -> dict[str, int]:
    """Inputs that cannot be used, each for its own reason; returns reason -> number."""
    folder.mkdir(parents=True, exist_ok=True)
    page = "<html><body><p>本页为虚构样例，下载中断。</p></body></html>".encode() * 40
    warc = io.BytesIO()
    writer = WARCWriter(warc, gzip=False, warc_version="1.1")
    for number, (status, body) in enumerate((("503 Service Unavailable", page), ("200 OK", page * 20))):
        headers = {"WARC-Date": "2026-03-02T08:00:00Z", "WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-9000-{number:012d}>"}
        http = StatusAndHeaders(status, [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
        uri = f"https://www.yunzhou-net.example/broken/{number}.html"
        writer.write_record(writer.create_warc_record(uri, "response", payload=io.BytesIO(body), http_headers=http, warc_headers_dict=headers))
    contents = {
        "empty.html": b"",
        "picture.html": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
        "truncated.html.gz": gzip.compress(page, mtime=0)[:-40],
        "cut.warc": warc.getvalue()[:-500],
        "notes.docx": b"a synthetic file of a kind that is no page",
        "scripts-only.html": b"<html><head><script>var synthetic = true;</script></head><body><script>document.title</script></body></html>",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {
        "empty_file": 1,
        "binary_content": 1,
        "truncated_gzip": 1,
        "http_error": 1,
        "broken_warc_record": 1,
        "unknown_extension": 1,
        "no_visible_text": 1,
    }
