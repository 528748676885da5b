"""Reports of `broadsheet check`: for people, as JSON, as JUnit XML."""

import json
import re
from collections import Counter
from collections.abc import Iterator

from broadsheet import __version__
from broadsheet.quality.check import Report, Result
from broadsheet.quality.policy import ACTIONS

# What XML 1.0 cannot hold and a terminal might obey.
_UNPRINTABLE = re.compile("[^\t\n\\x20-\\x7e\\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def is_failure(result: Result, fail_on: str) -> bool:
    """Whether a check failed with at least this action."""
    return result.severity is not None and ACTIONS.index(result.severity) >= ACTIONS.index(fail_on)


def as_text(report: Report) -> str:
    """What failed, table by table, with counts, examples and meaning; one line for what holds."""
    return _printable("\n".join(_lines(report))) + "\n"


def _lines(report: Report) -> Iterator[str]:
    for table in dict.fromkeys(result.table for result in report.results):
        results = [result for result in report.results if result.table == table]
        failed = [result for result in results if result.failed]
        not_run = [result for result in results if result.not_run]
        head = f"{table}, {_counted(report.row_counts[table], 'row')}" if table in report.row_counts else table
        holding = f"{_counted(len(results) - len(failed) - len(not_run), 'check')} passed"
        yield f"{head}: {holding}" + (f", {len(failed)} failed" if failed else "") + (f", {len(not_run)} not made" if not_run else "")
        for result in sorted(failed, key=lambda result: -ACTIONS.index(result.severity or "warn")):
            yield f"  {result.severity}: {_finding(result)}"
            yield f"    {result.text}"
            yield from (f"    e.g. {example}" for example in result.examples)
            if result.row_keys:
                yield f"    rows {', '.join(result.row_keys)}{', …' if result.failed > len(result.row_keys) else ''}"
        for result in not_run:
            yield f"  not made: {result.check}: {result.not_run}"
    severities = Counter(result.severity for result in report.results if result.severity)
    outcome = ", ".join(f"{severities[action]} {action}" for action in reversed(ACTIONS) if severities[action]) or "all hold"
    yield f"{_counted(len(report.results), 'check')} of {_counted(len(report.row_counts), 'table')}: {outcome}"


def as_json(report: Report) -> str:
    """One object: `severity` is the gravest action that follows, NULL where all holds; `results` are all checks."""
    content = {
        "program_version": __version__,
        "path": str(report.path),
        "severity": report.severity,
        "tables": report.row_counts,
        "results": [
            {
                "table": result.table,
                "check": result.check,
                "reason": result.reason,
                "status": _status(result),
                "severity": result.severity,
                "unit": result.unit,
                "checked_count": result.checked,
                "failed_count": result.failed,
                "examples": list(result.examples),
                "row_keys": list(result.row_keys),
                "meaning": result.text,
                "not_run": result.not_run,
            }
            for result in report.results
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def as_junit(report: Report, fail_on: str) -> str:
    """A test suite for each table, a test case for each check; a failure below `fail_on` is output of a test that passes."""
    from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

    xml = JUnitXml("broadsheet check")
    for table in dict.fromkeys(result.table for result in report.results):
        suite = TestSuite(table)
        for result in report.results:
            if result.table == table:
                case = TestCase(result.check, f"broadsheet.{table}")
                told = _printable("\n".join([result.text, *result.examples, *(f"row {key}" for key in result.row_keys)]))
                if is_failure(result, fail_on):
                    failure = Failure(_printable(_finding(result)), result.severity)
                    failure.text = told
                    case.result = [failure]
                elif result.failed:
                    case.system_out = f"{result.severity}: {_printable(_finding(result))}\n{told}"
                elif result.not_run:
                    case.result = [Skipped(_printable(result.not_run))]
                suite.add_testcase(case)
        xml.add_testsuite(suite)
    xml.update_statistics()
    return xml.tostring().decode("utf-8") + "\n"


def _status(result: Result) -> str:
    return "not_run" if result.not_run else "failed" if result.failed else "passed"


def _finding(result: Result) -> str:
    if result.unit == "findings":
        return f"{result.check}: {_counted(result.failed, 'finding')} in {_counted(result.checked, 'row')}"
    return f"{result.check}: {result.failed:,} of {_counted(result.checked, result.unit.removesuffix('s'))}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text)
