"""5 Publish: the lake's rows into one DuckDB file, built aside, audited, switched by one rename."""
