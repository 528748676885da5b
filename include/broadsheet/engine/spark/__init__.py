"""Spark: the same stages, one task a shard, and the derived tables that need all rows at once.

Only what runs on a cluster imports pyspark, which is in an environment of its own.
"""
