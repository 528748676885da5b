"""3 Tables: the schema, declared once, and Page records turned into its rows."""
