"""Every path of the application, walked from its routes."""

from pathlib import Path
from string import Formatter

from broadsheet.ui.app import create_app
from conftest import TokenAccess

# One value for each parameter of a path.
VALUES = {
    "counted": "pages", "drawn": "checks", "article_id": "aaaa", "capture_id": "aaaa", "before": "aaaa", "after": "bbbb", "feed_id": "aaaa",
    "quarantine_id": "aaaa", "path": "index.html",
}  # fmt: skip


def every_path(lake: Path) -> list[str]:
    """All routes, mounted files, and what FastAPI would serve of itself, known to the application or not."""
    app = create_app(lake, TokenAccess())
    paths = []
    for route in app.routes:
        if route.path == "/static":
            paths += [f"/static/{file.name}" for file in sorted((Path(__file__).parents[2] / "include/broadsheet/ui/static").iterdir())]
            continue
        names = {name.partition(":")[0] for _, name, *_ in Formatter().parse(route.path) if name}
        paths.append(route.path.replace(":path", "").format(**{name: VALUES[name] for name in names}))
    return [*paths, "/openapi.json", "/docs", "/redoc", "/docs/oauth2-redirect", "/nowhere", "/static/nowhere.js"]
