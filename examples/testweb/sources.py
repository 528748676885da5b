"""Source files of Broadsheet by which its crawler asks a running test web, one of each kind."""

from pathlib import Path

_HEAD = """\
# Of the test web (docs/test_web.md), while it serves at {address}.
kind: {kind}
urls:
{urls}
contact: trial@press.example
allow_private: true               # the test web is on this machine
resolve: {{"*.example": "{address}"}}
every: 5m                         # runs that far apart, by the crawler's clock, ask for `urls` anew
revisit: [1h, 6h, 1d, 3d]         # edits and removals come within hours
limits: {{pages: 200, delay: 0.05}} # nobody is bothered
"""
_OLD = "max_age: 28d                      # as long as the web has stories\n"
_SOURCES = {
    "lanshan": ("web", ("http://news.lanshan.example/", "http://news.lanshan.example/bd/"), ""),
    "haidu": ("feed", ("http://www.haidu.example/feed/atom.xml",), ""),
    "nordtaler": ("sitemap", ("http://www.nordtaler-bote.example/sitemap_index.xml",), _OLD),
}


def write_sources(folder: Path, address: str) -> list[Path]:
    """Write a source of each kind that asks the test web at an address, as `127.0.0.1:8000`. Files that are there are written anew."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, (kind, urls, more) in _SOURCES.items():
        listed = "\n".join(f"  - {url}" for url in urls)
        target = folder / f"{name}.yaml"
        target.write_text(_HEAD.format(kind=kind, urls=listed, address=address) + more, "utf-8")
        written.append(target)
    return written
