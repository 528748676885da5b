"""`python -m broadsheet`: the command line."""

from broadsheet.cli import app

app()
