"""Pages made hostile by chance: page n of a seed is always the same bytes."""

import contextlib
import gzip
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEV = ROOT.parent / "shared" / "evaluation" / "dev"
# A page longer than this is cut to a window of it: many pages tell more than long ones.
WINDOW = 60_000
CHARSETS = (None, None, None, "utf-8", "gbk", "big5", "windows-1252", "utf-7", "x-unknown")
CODECS = ("gb18030", "big5", "utf-16", "utf-8-sig", "cp932", "latin-1")
TOKENS = [
    *(tag.encode() for tag in (
        "<div>", "</div>", "<p>", "</p>", "<ul><li>", "</li></ul>", "<a href='/a'>", "</a>", "<h1>", "</h1>", "<h2>", "<table><tr><td>", "</table>",
        "<script>", "</script>", "<style>", "<!--", "-->", "<![CDATA[", "]]>", "<br>", "<img alt=x>", "<title>", "<meta charset=gbk>", "<template>",
        "<svg><title>", "<noscript>", "<iframe>", "<textarea>", "<select><option>", "<plaintext>", "<frameset>", "<math><mi>", "<base href=x>",
        "<script type='application/ld+json'>{\"@type\":\"NewsArticle\",", "<time datetime='2024-13-45'>", "<body class='comment nav footer'>", "<", ">",
        "\"", "'", "&", "&#0;", "&#xD800;", "&#x110000;", "&amp", "&nbsp;" * 50, "&lt;" * 50, "来源：", "责任编辑：", "记者 ", "【", "】", "原标题：",
        "相关阅读", "点击排行", "当前位置：", "版权声明：", "2024-03-01 08:30", "99-99-99 99:99", "0000-00-00", "9999-12-31 23:59", "3小时前", "By ",
        "\n", "\n\n", "\r", "\t", "\u3000", "\xa0", "\u200b", "\u202e", "\ufeff", "\ufffd", "\U0001f4f0", "1   ", "01. ", "  • ", " > ", "｜", "a" * 3000,
        " " * 3000, "1" * 3000, "（" * 300, "-" * 300,
    )),
    b"\x00", b"\x00" * 40, b"\xff\xfe", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80" * 20, b"\x1f\x8b\x08", b"\x1b$B", b"\x0e", b"\x7f", b"\x85",
]  # fmt: skip


@cache
def sources() -> tuple[tuple[bytes, str], ...]:
    """Pages to begin with, and their media types: the bundled invented ones, and the evaluation's when they lie beside the project."""
    files = [*sorted((DEV / "pages").glob("*.gz")), *sorted((DEV / "text").glob("*.gz"))] if DEV.is_dir() else []
    return (*bundled(), *map(_page, files))


def bundled() -> tuple[tuple[bytes, str], ...]:
    """The invented pages of the bundled sample."""
    return tuple(_page(path) for path in sorted((ROOT / "examples" / "sample" / "pages").glob("*.*")) if {".html", ".txt"} & set(path.suffixes))


def page(seed: int, number: int) -> tuple[bytes, str, str | None]:
    """Bytes, media type and HTTP charset of a page."""
    chance = random.Random(f"{seed}-{number}")
    content, media_type = chance.choice(sources())
    if len(content) > WINDOW:
        # The head says much about a page, so it mostly stays.
        start = chance.randrange(len(content) - WINDOW) if chance.random() < 0.3 else 0
        content = content[start : start + WINDOW]
    for _ in range(chance.choice((0, 1, 1, 2, 3, 5, 8, 30))):
        content = chance.choice(MUTATIONS)(chance, content)[: 4 * WINDOW]
    if chance.random() < 0.1:
        media_type = "text/plain" if media_type == "text/html" else "text/html"
    return content, media_type, chance.choice(CHARSETS)


# --- mutations -------------------------------------------------------------------------------------------------------------


def _span(chance: random.Random, content: bytes, longest: int = 2000) -> tuple[int, int]:
    start = chance.randrange(len(content) + 1)
    return start, min(len(content), start + chance.randrange(1, longest))


def _flip(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 5, 50)) if changed else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _insert(chance: random.Random, content: bytes) -> bytes:
    start, _ = _span(chance, content)
    return content[:start] + chance.choice(TOKENS) * chance.choice((1, 1, 1, 3, 200)) + content[start:]


def _sprinkle(chance: random.Random, content: bytes) -> bytes:
    token, marks = chance.choice(TOKENS), sorted(chance.randrange(len(content) + 1) for _ in range(chance.choice((5, 40))))
    return token.join(content[a:b] for a, b in zip([0, *marks], [*marks, len(content)], strict=True))


def _delete(chance: random.Random, content: bytes) -> bytes:
    start, end = _span(chance, content)
    return content[:start] + content[end:]


def _double(chance: random.Random, content: bytes) -> bytes:
    start, end = _span(chance, content)
    return content[:end] + content[start:end] * chance.choice((1, 2, 30)) + content[end:]


def _move(chance: random.Random, content: bytes) -> bytes:
    start, end = _span(chance, content)
    rest = content[:start] + content[end:]
    at = chance.randrange(len(rest) + 1)
    return rest[:at] + content[start:end] + rest[at:]


def _splice(chance: random.Random, content: bytes) -> bytes:
    other, _ = chance.choice(sources())
    start, end = _span(chance, other, 20_000)
    at, _ = _span(chance, content)
    return content[:at] + other[start:end] + content[at:]


def _truncate(chance: random.Random, content: bytes) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _behead(chance: random.Random, content: bytes) -> bytes:
    return content[chance.randrange(len(content) + 1) :]


def _without(chance: random.Random, content: bytes) -> bytes:
    return content.replace(chance.choice((b">", b"<", b"</", b'"', b" ", b"\n", b"=", b"-", b":", b"</p>", b"</div>", b"</a>")), b"")


def _replace(chance: random.Random, content: bytes) -> bytes:
    return content.replace(chance.choice((b"div", b"<p", b"<li", b"<a ", b"class", b" ", b"\n", b"0", b"2", b"<")), chance.choice(TOKENS), 500)


def _transcode(chance: random.Random, content: bytes) -> bytes:
    return content.decode("utf-8", "replace").encode(chance.choice(CODECS), "replace")


def _case(chance: random.Random, content: bytes) -> bytes:
    start, end = _span(chance, content, 20_000)
    return content[:start] + content[start:end].swapcase() + content[end:]


def _shuffle(chance: random.Random, content: bytes) -> bytes:
    parts = content.split(b"<")
    start, end = sorted((chance.randrange(len(parts) + 1), chance.randrange(len(parts) + 1)))
    middle = parts[start:end]
    chance.shuffle(middle)
    return b"<".join((*parts[:start], *middle, *parts[end:]))


MUTATIONS: Sequence = (
    _flip, _insert, _insert, _insert, _sprinkle, _delete, _double, _move, _splice, _truncate, _behead, _without, _replace, _transcode, _case, _shuffle,
)  # fmt: skip


def _page(path: Path) -> tuple[bytes, str]:
    content = path.read_bytes()
    if path.suffix == ".gz":
        with contextlib.suppress(EOFError, OSError):  # damaged on purpose: as good a page as any
            content = gzip.decompress(content)
    return content, "text/plain" if ".txt" in path.suffixes else "text/html"
