"""Spark: the same stages, one task a shard. Only what runs on a cluster imports pyspark, which is in an environment of its own."""
