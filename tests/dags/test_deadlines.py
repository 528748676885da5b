"""A run that is late, under a real scheduler: the triggerer runs our alert, which writes its line and tells the webhook."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from served import serving

pytestmark = pytest.mark.airflow


def waited_for(found: Callable[[], Any], seconds: float = 180) -> Any:
    deadline = time.monotonic() + seconds
    while not (it := found()) and time.monotonic() < deadline:
        time.sleep(1)
    return it


def test_a_late_run_is_told_of_in_a_log_and_by_webhook(hook, tmp_path, monkeypatch):
    monkeypatch.setenv("BROADSHEET_DEADLINE_FACTOR", "0.00001")  # two hours become 72 ms
    monkeypatch.setenv("BROADSHEET_ALERT_WEBHOOK_CONN_ID", "late_runs")
    (tmp_path / "sources").mkdir()
    conf = {"lake": str(tmp_path / "lake"), "sources": str(tmp_path / "sources")}

    with serving(tmp_path / "airflow") as served:
        served.wait_for("Ctrl-C stops everything", 300)
        token = served.token()
        served.call("/api/v2/connections", token, {"connection_id": "late_runs", "conn_type": "http", "host": hook.url, "password": "token"})
        run_id = served.call("/api/v2/dags/ingest/dagRuns", token, {"logical_date": None, "conf": conf})["dag_run_id"]
        (sent,) = waited_for(lambda: [sent for sent in hook.requests if run_id in sent[2]["text"]])
        line = f"Run {run_id} of ingest has not ended within 0:00:00.072000 of being queued."
        assert sent[:2] == ("/hooks/secret-path", "Bearer token")
        assert sent[2]["text"].startswith(line)
        assert line in (tmp_path / "airflow" / "logs" / "triggerer.log").read_text("utf-8")
