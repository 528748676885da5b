"""The command line: the same words as the stages and the DAG's tasks."""

from broadsheet.cli.app import app

__all__ = ["app"]
