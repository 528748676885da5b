"""`broadsheet check` and `broadsheet contract`: data tests and the data contract of what others write or read."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.arguments import given_lake
from broadsheet.cli.exits import Exit
from broadsheet.cli.options import PolicyOption
from broadsheet.cli.output import OutOption, give


class ReportFormat(StrEnum):
    human = "human"
    json = "json"
    junit = "junit"


class ContractFormat(StrEnum):
    yaml = "yaml"
    json = "json"


class Severity(StrEnum):
    """Actions of the policy."""

    warn = "warn"
    quarantine = "quarantine"
    stop = "stop"


def check(
    path: Annotated[
        Path,
        typer.Argument(
            parser=given_lake, metavar="PATH", help="A lake (also s3://BUCKET/FOLDER), or a directory with <table>.parquet or <table>/….parquet."
        ),
    ],
    policy: PolicyOption = None,
    tables: Annotated[
        list[str] | None, typer.Option("--tables", metavar="NAME,…", help="Check only these; may be given again.", show_default=False)
    ] = None,
    format: Annotated[ReportFormat, typer.Option("--format", help="How to report.")] = ReportFormat.human,
    out: OutOption = None,
    fail_on: Annotated[Severity, typer.Option("--fail-on", help="Mildest action of the policy that makes the check fail.")] = Severity.warn,
) -> None:
    """Check Parquet files against schema, keys, references and quality rules, and tell what fails, table by table.

    Exit codes: 0 all holds, or nothing that --fail-on counts failed · 2 PATH or an option is wrong · 3 checks failed that the policy answers
    with warn or quarantine · 4 at least one that it answers with stop. See docs/data_tests.md.
    """
    from broadsheet.quality.check import check as run_checks
    from broadsheet.quality.policy import load_policy
    from broadsheet.quality.reports import as_json, as_junit, as_text, is_failure

    chosen = tuple(name.strip() for names in tables or () for name in names.split(",") if name.strip())
    if tables and not chosen:
        raise typer.BadParameter("--tables names no table")
    report = run_checks(path, load_policy(policy), chosen)
    text = {ReportFormat.human: as_text, ReportFormat.json: as_json, ReportFormat.junit: lambda report: as_junit(report, fail_on)}[format](report)
    give(text, out)
    if any(is_failure(result, fail_on) for result in report.results):
        raise typer.Exit(Exit.STOPPED if report.severity == "stop" else Exit.REJECTED)


def contract(
    format: Annotated[ContractFormat, typer.Option("--format", help="How to write it.")] = ContractFormat.yaml,
    out: OutOption = None,
    policy: PolicyOption = None,
) -> None:
    """Print the schema as a data contract (Open Data Contract Standard v3.1): tables, columns, keys, references, quality rules.

    Severities are the policy's. Owner, service levels and servers are yours to add. See docs/data_tests.md.
    """
    import yaml

    from broadsheet.quality.contract import contract as make_contract
    from broadsheet.quality.policy import load_policy

    document = make_contract(load_policy(policy))
    if format == ContractFormat.json:
        text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    else:
        text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)
    give(text, out)
