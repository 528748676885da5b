"""Reading captures: what a child of the guard does, and the same for one page in this process. Imports the page kernel."""

from collections.abc import Callable
from datetime import UTC
from functools import partial
from zoneinfo import ZoneInfo

import msgspec

from broadsheet.engine.tasks import LINE, READ, Task
from broadsheet.errors import BadInput
from broadsheet.media_types import FEED_FILES, WITH_DECLARATION
from broadsheet.page.contract import prediction
from broadsheet.page.decode import decode
from broadsheet.page.feed_files import read_feed
from broadsheet.page.profiles import Profiles
from broadsheet.page.read import read_page
from broadsheet.records import Capture, Decoded, Page, PageResult
from broadsheet.urls import site_of

# Above this share of unreadable characters a text is noise.
UNDECODABLE_RATIO = 0.1


def read_capture(capture: Capture, content: bytes, profiles: Profiles | None = None) -> PageResult:
    """One capture's bytes, read, by its profile if there is one. Raises BadInput when there is nothing to read."""
    decoded = decode(content, http_charset=capture.http_charset, is_html=capture.media_type in WITH_DECLARATION)
    if decoded.replaced_count > UNDECODABLE_RATIO * max(len(decoded.text), 1):
        raise BadInput("undecodable", f"{decoded.replaced_count} of {len(decoded.text)} characters, tried as {decoded.charset}")
    if capture.media_type in FEED_FILES:
        return PageResult(capture=capture, page=read_feed(decoded.text, media_type=capture.media_type, url=capture.url, decoded=decoded))
    page = _read(capture, decoded, profiles if profiles and profiles.by_host else None)
    if not page.blocks:
        raise BadInput("no_visible_text", f"{capture.byte_count} bytes without a visible text block")
    return PageResult(capture=capture, page=page)


def _read(capture: Capture, decoded: Decoded, profiles: Profiles | None) -> Page:
    """The page by the layout that its site had when it was captured; without a profile by the generic path, in one reading.

    The profile is the one that the capture's source names, else that of the capture's site; a page that came without one is of the site that
    its canonical link names. A capture at an unknown time has
    the layout of the day on which the page says that it was published.
    """
    read = partial(read_page, decoded.text, media_type=capture.media_type, url=capture.url, decoded=decoded, captured_at=capture.captured_at)
    if profiles is None:
        return read()
    profile = profiles.of_capture(capture)
    generic = None
    if profile is None:
        generic = read()
        if not capture.site and not capture.url:
            profile = profiles.of_host(site_of(generic.canonical_url))
        if profile is None:
            return generic
    day = None
    if capture.captured_at is not None:
        day = capture.captured_at.astimezone(ZoneInfo(profile.time_zone) if profile.time_zone else UTC).date()
    elif len(profile.layouts) > 1 or profile.layouts[0].valid_from or profile.layouts[0].valid_until:
        generic = generic or read()
        day = generic.published.local.date() if generic.published else None
    layout = profile.layout_on(day)
    return generic or read() if layout is None else read(layout=layout)


def reader() -> Callable[[bytes], bytes]:
    """The work of the guard's children: an encoded `Task` -> its answer, see `extracting.read_pages`."""
    decode_task = msgspec.msgpack.Decoder(Task).decode
    encode = msgspec.json.Encoder().encode

    def read(payload: bytes) -> bytes:
        task = decode_task(payload)
        try:
            result = read_capture(task.capture, task.content, task.profiles)
            return READ + encode(prediction(task.line_id, result.page) if task.form == LINE else result)
        except BadInput as error:
            return encode((error.reason, error.detail))
        except MemoryError:
            raise  # the guard's matter
        except Exception as error:  # a fault of the kernel on one page must not cost the batch; policy may stop it
            return encode(("parser_error", f"{type(error).__name__}: {error}"))

    _warm_up()
    return read


# An invented page in a legacy charset: reading it loads the charset detector and compiles the patterns.
_WARM_UP = """<html><head><title>样例</title></head><body><h1>样例标题一则</h1><p>2024-03-01 08:30 来源：样例网 责任编辑：张三</p>
<p>这是一段用来预热的样例文字，说明不了任何事情，只是为了让程序先读一遍。</p><ul><li><a href="/1">样例标题二则</a></li></ul></body></html>"""


def _warm_up() -> None:
    for media_type in ("text/html", "text/plain"):
        content = _WARM_UP.encode("gb18030")
        capture = Capture(capture_id="", content_sha256="", byte_count=len(content), media_type=media_type, input_path="")
        read_capture(capture, content)
