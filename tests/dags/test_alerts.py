"""Who is told of a failure: the log always, others where they are configured."""

import asyncio
import email
import json
import logging
import socketserver
import threading
from types import SimpleNamespace

import pytest


@pytest.fixture
def alerts(bag):
    from broadsheet_airflow import alerts

    return alerts


@pytest.fixture
def context():
    ti = SimpleNamespace(dag_id="build", task_id="extract", map_index=2, run_id="run <1>")
    return {"ti": ti, "exception": ValueError("cannot\nread"), "params": {"lake": "/lakes/news"}}


@pytest.fixture
def mailbox():
    """An SMTP server on the loopback address: the messages that it took."""
    taken = SimpleNamespace(messages=[])

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 mail.example\r\n")
            text, is_data = [], False
            for raw in self.rfile:
                line = raw.decode().rstrip("\r\n")
                if is_data and line == ".":
                    is_data = False
                    taken.messages.append("\n".join(text))
                    self.wfile.write(b"250 taken\r\n")
                elif is_data:
                    text.append(line)
                elif line.upper() == "DATA":
                    is_data = True
                    self.wfile.write(b"354 go on\r\n")
                elif line.upper() == "QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 ok\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        taken.port = server.server_address[1]
        yield taken
        server.shutdown()


def test_the_log_has_one_line_with_run_task_kind_and_data_docs(alerts, context, caplog):
    with caplog.at_level(logging.ERROR, "airflow.task"):
        alerts.task_failed(context)
    (record,) = caplog.records
    assert record.getMessage() == "build.extract 2 of run run <1> failed. ValueError: cannot read. Data Docs: /lakes/news/docs/index.html"


def test_a_webhook_is_told(alerts, context, hook, connect, monkeypatch):
    monkeypatch.setenv("BROADSHEET_ALERT_WEBHOOK_CONN_ID", "news_alerts")
    connect("news_alerts", conn_type="http", host=hook.url, password="token")
    alerts.task_failed(context)
    ((path, authorization, body),) = hook.requests
    assert (path, authorization) == ("/hooks/secret-path", "Bearer token")
    assert body["text"].startswith("build.extract 2 of run run <1> failed.")


@pytest.mark.parametrize("status", [500, None])
def test_a_webhook_that_fails_is_told_of_without_its_url(alerts, context, hook, connect, monkeypatch, caplog, status):
    monkeypatch.setenv("BROADSHEET_ALERT_WEBHOOK_CONN_ID", "news_alerts")
    if status:
        hook.status = status
        connect("news_alerts", conn_type="http", host=hook.url)
    with caplog.at_level(logging.WARNING, "airflow.task"):
        alerts.task_failed(context)
    assert "The webhook of this alert could not be sent" in caplog.text
    assert "secret-path" not in caplog.text


def test_a_mail_is_sent_in_which_nothing_is_markup(alerts, context, mailbox, connect, monkeypatch):
    monkeypatch.setenv("BROADSHEET_ALERT_EMAILS", "desk@news.example, night@news.example")
    extra = json.dumps({"disable_ssl": True, "disable_tls": True, "from_email": "airflow@news.example"})
    connect("smtp_default", conn_type="smtp", host="127.0.0.1", port=mailbox.port, extra=extra)
    alerts.task_failed(context)
    (message,) = map(email.message_from_string, mailbox.messages)
    assert message["To"] == "desk@news.example, night@news.example"
    assert message["Subject"] == "Broadsheet: build.extract 2 failed"
    (part,) = message.get_payload()
    body = part.get_payload(decode=True).decode()
    assert "run &lt;1&gt;" in body and "run <1>" not in body


@pytest.mark.parametrize(("state", "now"), [("running", "It goes on."), ("success", "It ended as success.")])
def test_a_late_run_is_told_of(alerts, caplog, state, now):
    import broadsheet_alerts  # Airflow has put its folder on the path

    run = {"dag_id": "build", "dag_run_id": "asset_triggered__1", "state": state}
    with caplog.at_level(logging.ERROR, "airflow.task"):
        asyncio.run(broadsheet_alerts.deadline_missed("8:00:00", context={"dag_run": run}))
    assert [record.getMessage() for record in caplog.records] == [
        f"Run asset_triggered__1 of build has not ended within 8:00:00 of being queued. {now}"
    ]
