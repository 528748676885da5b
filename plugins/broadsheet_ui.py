"""Airflow plugin: Broadsheet's pages in Airflow's UI, in the navigation and on the page of the DAG `news_pipeline`, behind Airflow's login.

All logic is in `broadsheet.ui`. Who may read the DAG `news_pipeline` may read the pages; who may trigger the DAG `replay` may replay, and `dismiss`
likewise. The lake is that of `BROADSHEET_LAKE` (of one in an object store, its working directory), else `lake` in the project's directory.
"""

import asyncio
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

# Plugins are loaded by every process of Airflow, tasks too: all else is imported when the first request comes.

PROJECT = Path(__file__).resolve().parents[1]
PIPELINE = "news_pipeline"
MOUNTED = "/broadsheet"


class AirflowAccess:
    """Airflow's login and permissions, as its own pages ask for them."""

    def __init__(self, lake: Path) -> None:
        self.lake = lake

    async def user(self, request: "Request") -> Any:
        from airflow.api_fastapi.core_api.security import get_user
        from fastapi import HTTPException
        from fastapi.security import HTTPBearer

        from broadsheet.ui.gate import NotLoggedIn

        try:
            return await get_user(request, None, await HTTPBearer(auto_error=False)(request))
        except HTTPException as error:
            raise NotLoggedIn from error

    def may_read(self, user: Any) -> bool:
        return self._is_allowed(user, PIPELINE, method="GET")

    def may_trigger(self, user: Any, dag_id: str) -> bool:
        from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity

        return self._is_allowed(user, dag_id, method="POST", access_entity=DagAccessEntity.RUN)

    async def trigger(self, user: Any, dag_id: str, chosen: "Mapping[str, Any]") -> str:
        """Trigger a DAG through Airflow's public API, in this process and as this user, so that it is checked and logged as any trigger is."""
        import httpx
        from airflow.api_fastapi.app import get_auth_manager
        from airflow.api_fastapi.main import app

        from broadsheet.ui.gate import Refused

        conf = {"lake": str(self.lake), **chosen}
        token = get_auth_manager().generate_jwt(user, expiration_time_in_seconds=60)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://api.invalid") as client:
            answer = await client.post(
                f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf}, headers={"Authorization": f"Bearer {token}"}
            )
        if answer.status_code != 200:
            raise Refused(f"{answer.status_code} {answer.text[:500]}")
        return answer.json()["dag_run_id"]

    @staticmethod
    def _is_allowed(user: Any, dag_id: str, **how: Any) -> bool:
        from airflow.api_fastapi.app import get_auth_manager
        from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails
        from airflow.models.dag import DagModel

        details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
        return get_auth_manager().is_authorized_dag(user=user, details=details, **how)


class LazyApp:
    """The application, made when it is first asked for, which is when the navigation with its icon is first shown."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        app = self._app or await self._made_once()
        await app(scope, receive, send)

    async def _made_once(self) -> "ASGIApp":
        async with self._making:
            if self._app is None:
                self._app = await asyncio.to_thread(_made)
            return self._app


def _made() -> "ASGIApp":
    from broadsheet.ui.app import create_app, warm_up

    threading.Thread(target=warm_up, daemon=True).start()
    from broadsheet.lake import Lake, store_url

    place = os.environ.get("BROADSHEET_LAKE") or "lake"
    lake = Lake.at(place if store_url(place) else PROJECT / place).root
    return create_app(lake, AirflowAccess(lake))


def _address(page: str = "") -> str:
    """Where a page of ours is, below the path at which Airflow is served."""
    return f"{urlsplit(conf.get('api', 'base_url', fallback='')).path.rstrip('/')}{MOUNTED}/{page}"


_APPS = [{"app": LazyApp(), "url_prefix": MOUNTED, "name": "Broadsheet"}]
_ICON = {"icon": _address("static/icon.svg")}
_VIEWS = [
    {"name": "Broadsheet", "href": _address(), "destination": "nav", "url_route": "broadsheet", **_ICON},
    {"name": "Broadsheet", "href": _address(), "destination": "dag", "url_route": "broadsheet-snapshot", **_ICON},
    {"name": "Quarantine", "href": _address("quality/quarantine"), "destination": "dag", "url_route": "broadsheet-quarantine", **_ICON},
]


class BroadsheetPlugin(AirflowPlugin):
    name = "broadsheet"
    fastapi_apps = _APPS
    external_views = _VIEWS
