"""How stages 2 to 4 are spread over a run's shards."""
