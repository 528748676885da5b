"""Who visits the application in tests, by which client, what hostile text they meet, and every path that there is."""

from pathlib import Path
from string import Formatter

from fastapi.testclient import TestClient

from broadsheet.ui.app import create_app
from broadsheet.ui.gate import NotLoggedIn, Refused

# What changes the title of the page if a browser takes it for more than text.
HOSTILE = "</text></svg></textarea><script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\"> javascript:alert(1) {{ 7 * 7 }} 清河县"
ROLES = {
    "reader": {"read"},
    "editor": {"read", "replay", "dismiss"},
    "replayer": {"read", "replay"},
    "dismisser": {"read", "dismiss"},
    "stranger": set(),
}


class TokenAccess:
    """The bearer of a role's name has that role. Keeps what it was asked to trigger."""

    def __init__(self) -> None:
        self.triggered: list[tuple[str, str, dict]] = []
        self.refusal = ""

    async def user(self, request):
        role = request.headers.get("x-role")
        if role not in ROLES:
            raise NotLoggedIn
        return role

    def may_read(self, user):
        return "read" in ROLES[user]

    def may_trigger(self, user, dag_id):
        return dag_id in ROLES[user]

    async def trigger(self, user, dag_id, chosen):
        if self.refusal:
            raise Refused(self.refusal)
        self.triggered.append((user, dag_id, dict(chosen)))
        return "manual__1"


def client_of(lake: Path, role: str | None = "reader", access: TokenAccess | None = None, **headers: str) -> TestClient:
    shown = {"x-role": role} if role else {}
    app = create_app(lake, access or TokenAccess())
    return TestClient(app, headers={"accept-language": "en", **shown, **headers}, follow_redirects=False)


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
