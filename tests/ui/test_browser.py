"""In a real browser nothing of a page's content runs, and the pages speak the language that is chosen in Airflow's UI."""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from visitors import HOSTILE, TokenAccess, client_of

from broadsheet.ui.app import create_app


class OpenAccess(TokenAccess):
    """Whoever comes is an editor: the browser cannot be given a header."""

    async def user(self, request):
        return "editor"


@pytest.fixture(scope="session")
def browser() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("needs the browser chromium")
    return found


@contextmanager
def served(lake: Path, *more: Route) -> Iterator[str]:
    """The application under a path of another, as Airflow has it, on the loopback address."""
    outer = Starlette(routes=[*more, Mount("/broadsheet", create_app(lake, OpenAccess()))])
    server = uvicorn.Server(uvicorn.Config(outer, host="127.0.0.1", port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


def seen(browser: str, url: str, profile: Path) -> str:
    """The page's elements as a browser that opened it has them."""
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--virtual-time-budget=3000", "--dump-dom", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def hostile_paths(lake: Path) -> list[str]:
    """Pages on which the hostile text stands."""
    client = client_of(lake, "editor")
    pages, feeds, quarantine = (client.get(path).text for path in ("/pages", "/feeds", "/quality/quarantine"))
    article = re.findall(r"/pages/article/\w+", pages)[0]
    versions = re.findall(r"/pages/diff/\w+/\w+", "".join(client.get(path).text for path in re.findall(r"/pages/article/\w+", pages)))
    feed = re.findall(r"/feeds/\w+", feeds)[0]
    rejection = re.findall(r"/quality/quarantine/\w+", quarantine)[0]
    search = "/pages?q=%3C/title%3E%3Cscript%3Edocument.title='ran'%3C/script%3E"
    return [
        "/pages",
        search,
        article,
        versions[0],
        "/feeds",
        feed,
        f"{feed}/ranks.svg",
        "/quality/incidents",
        "/quality/quarantine",
        rejection,
        "/quality",
    ]


def test_nothing_of_a_page_runs_in_a_browser(hostile_lake, browser, tmp_path):
    paths = hostile_paths(hostile_lake)
    unescaped = Route("/unescaped", lambda request: HTMLResponse(f"<!doctype html><title>quiet</title><textarea><svg><text>{HOSTILE}"))
    with served(hostile_lake, unescaped) as address:
        for path in paths:
            dom = seen(browser, f"{address}/broadsheet{path}", tmp_path / "profile")
            assert "清河县" in dom or path.startswith("/pages?q") or path.endswith(".svg"), path
            assert "<title>ran</title>" not in dom, path
            assert len(re.findall(r"<script\b", dom)) <= 1, path
            assert not re.search(r"<\w+[^>]*\son\w+=", dom), path
            assert not re.search(r"href=\"\s*(?:javascript|data|https?):", dom), path
            assert "49" not in re.findall(r"javascript:alert\(1\) (\S+)", dom), path
        assert "<title>ran</title>" in seen(browser, f"{address}/unescaped", tmp_path / "profile"), "the browser would not have run it anyway"


def test_the_policy_stops_a_script_that_was_not_escaped(ui_lake, browser, tmp_path):
    app = create_app(ui_lake, OpenAccess())
    app.add_api_route("/broken", lambda: HTMLResponse(f"<!doctype html><title>quiet</title><textarea><svg><text>{HOSTILE}"))
    outer = Mount("/inner", app)
    with served(ui_lake, outer) as address:
        assert "<title>quiet</title>" in seen(browser, f"{address}/inner/broken", tmp_path / "profile")


def test_the_pages_follow_the_language_of_airflows_ui(ui_lake, browser, tmp_path):
    choose = "<!doctype html><script>localStorage.setItem('i18nextLng', '{}'); location.href = '/broadsheet/'</script>"
    chosen = [Route(f"/{language}", lambda request, language=language: HTMLResponse(choose.format(language))) for language in ("zh-CN", "en")]
    with served(ui_lake, *chosen) as address:
        assert "待处理隔离" in seen(browser, f"{address}/zh-CN", tmp_path / "profile")
        assert "Open quarantine" in seen(browser, f"{address}/en", tmp_path / "profile")
