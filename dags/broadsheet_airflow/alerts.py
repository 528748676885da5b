"""Who is told when a task fails or a run is late: the log always; a webhook and e-mail where they are configured.

`BROADSHEET_ALERT_WEBHOOK_CONN_ID` names an Airflow connection: its host is the URL (`https://hooks.example/news`), its
password, if it has one, is sent as bearer token. Its body is `{"text": …}`, which Slack, Mattermost and their like take.
`BROADSHEET_ALERT_EMAILS` names addresses, with commas between; the connection `smtp_default` (`BROADSHEET_ALERT_SMTP_CONN_ID`)
sends.
"""

import html
import logging
import os
from typing import Any

from broadsheet_airflow.params import located_lake

WEBHOOK_SECONDS = 10
_LONGEST = 1500  # characters of a message

log = logging.getLogger("airflow.task")


def task_failed(context: Any) -> None:
    """Tell of a task that failed for good."""
    ti, error = context["ti"], context.get("exception")
    mapped = f" {ti.map_index}" if (ti.map_index or 0) >= 0 and ti.map_index is not None else ""
    cause = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error)
    overview = _overview(context["params"]["lake"])
    alert(
        f"Broadsheet: {ti.dag_id}.{ti.task_id}{mapped} failed",
        f"{ti.dag_id}.{ti.task_id}{mapped} of run {ti.run_id} failed. {cause}. Data Docs: {overview}",
        context,
    )


def _overview(lake: str) -> str:
    from broadsheet.errors import ConfigurationError
    from broadsheet.lake import Lake

    try:
        return str(Lake(located_lake(lake)).overview)
    except ConfigurationError:  # what the task may have failed for
        return f"of {lake}"


def deadline_missed(within: str, context: Any = None) -> None:
    """Tell of a run that has not ended in time."""
    run = (context or {}).get("dag_run") or {}
    name, run_id = run.get("dag_id", "a DAG"), run.get("dag_run_id") or run.get("run_id") or "?"
    alert(f"Broadsheet: {name} is late", f"Run {run_id} of {name} has not ended within {within} of being queued. It goes on.", context or {})


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
