"""What a run read and wrote, as OpenLineage events: datasets with their columns, where these come from, and what the checks found."""
