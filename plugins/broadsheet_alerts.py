"""Whom failures and late runs are told of: the log always; a webhook and e-mail where they are configured.

`BROADSHEET_ALERT_WEBHOOK_CONN_ID` names an Airflow connection: its host is the URL (`https://hooks.example/news`), its
password, if it has one, is sent as bearer token. Its body is `{"text": …}`, which Slack, Mattermost and their like take.
`BROADSHEET_ALERT_EMAILS` names addresses, with commas between; the connection `smtp_default` (`BROADSHEET_ALERT_SMTP_CONN_ID`)
sends.

It is here, in Airflow's folder of plugins, since the triggerer finds no module of the DAGs' folder. And of late runs it is
the triggerer that tells: Airflow 3.3.2 refuses a callback of an executor the connections that its database keeps.
"""

import asyncio
import html
import logging
import os
from typing import Any

WEBHOOK_SECONDS = 10
_LONGEST = 1500  # characters of a message

log = logging.getLogger("airflow.task")


async def deadline_missed(within: str, context: Any = None) -> None:
    """Tell of a run that has not ended in time. Airflow looks for such runs from time to time: it may have ended meanwhile."""
    run = (context or {}).get("dag_run") or {}
    name, run_id = run.get("dag_id", "a DAG"), run.get("dag_run_id") or run.get("run_id") or "?"
    now = f"It ended as {run['state']}." if run.get("state") in ("success", "failed") else "It goes on."
    text = f"Run {run_id} of {name} has not ended within {within} of being queued. {now}"
    await asyncio.to_thread(alert, f"Broadsheet: {name} is late", text, context or {})


def alert(subject: str, text: str, context: Any) -> None:
    """One line in the log, and what is configured. A message that cannot be sent is told of in the log and fails nothing."""
    text = text[:_LONGEST]
    log.error("%s", " ".join(text.split()))
    for name, variable, send in (
        ("webhook", "BROADSHEET_ALERT_WEBHOOK_CONN_ID", _post),
        ("e-mail", "BROADSHEET_ALERT_EMAILS", _mail),
    ):
        if target := os.environ.get(variable):
            try:
                send(target, subject, text, context)
            except Exception as error:  # its message may hold the URL, which may be a secret
                log.warning("The %s of this alert could not be sent: %s", name, type(error).__name__)


def _post(conn_id: str, subject: str, text: str, context: Any) -> None:
    import httpx
    from airflow.sdk import Connection

    connection = Connection.get(conn_id)
    headers = {"Authorization": f"Bearer {connection.password}"} if connection.password else {}
    httpx.post(connection.host or "", json={"text": text}, headers=headers, timeout=WEBHOOK_SECONDS).raise_for_status()


def _mail(addresses: str, subject: str, text: str, context: Any) -> None:
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    to = [address.strip() for address in addresses.split(",") if address.strip()]
    with SmtpHook(smtp_conn_id=os.environ.get("BROADSHEET_ALERT_SMTP_CONN_ID") or SmtpHook.default_conn_name) as hook:
        hook.send_email_smtp(to=to, subject=subject, html_content=f"<p>{html.escape(text)}</p>")
