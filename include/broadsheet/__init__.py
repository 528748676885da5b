"""Broadsheet: news pages in; articles, headline feeds and related links out."""

__version__ = "0.1.0"

# Part of every derived row: raise it when the page kernel may read a page differently.
PARSER_VERSION = "8"
