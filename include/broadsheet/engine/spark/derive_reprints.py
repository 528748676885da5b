"""What is counted outside of SQL for reprints and aliases: likeness of texts, and what is connected with what. No machine gathers all of it."""

from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from broadsheet.engine.spark.derive_sql import Connection
from broadsheet.warehouse.derived.reprints import cluster_id, likeness, minima_of


def measure(connection: Connection, kept: str) -> None:
    """Make the temporary table `measured` of the pairs of texts in `candidates` for which `kept` holds, as `reprints` does on one machine.

    A hub has very many pairs, all with its own signature: Spark divides such a join by itself (adaptive execution).
    """
    spark = connection.spark
    texts = spark.table("article_versions").where("text_id is not null").groupBy("text_id")
    texts = texts.agg(F.any_value("body_signature").alias("signature"), F.any_value("shingle_count").cast("double").alias("count"))
    others = texts.select(F.col("text_id").alias("other_text_id"), F.col("signature").alias("other_signature"), F.col("count").alias("other_count"))
    pairs = spark.table("candidates").join(texts, "text_id").join(others, "other_text_id")
    measured = pairs.mapInArrow(_measured, "text_id string, other_text_id string, similarity double, containment double")
    connection.make("measured", measured.where(kept))


def _measured(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        minima, other_minima = (minima_of(batch[column].to_pylist()) for column in ("signature", "other_signature"))
        similarity, containment = likeness(minima, other_minima, batch["count"].to_numpy(), batch["other_count"].to_numpy())
        columns = [batch["text_id"], batch["other_text_id"], pa.array(similarity), pa.array(containment)]
        yield pa.RecordBatch.from_arrays(columns, ["text_id", "other_text_id", "similarity", "containment"])


def cluster(connection: Connection) -> None:
    """Make the temporary table `clustered` of the articles in scope that `links` link with others."""
    spark = connection.spark
    connection.create_function("cluster_id_of", cluster_id, ["VARCHAR"], "VARCHAR")
    connection.make("components", components(connection, spark.table("links").toDF("node", "other")))
    connection.make("members", spark.table("scope_articles").join(spark.table("components"), F.col("article_id") == F.col("node")))
    first = spark.table("members").groupBy("component").agg(F.min("article_id").alias("first_id"), F.count("*").alias("count")).where("count > 1")
    clusters = first.selectExpr("component", "cluster_id_of(first_id) as cluster_id")
    connection.make("clustered", spark.table("members").join(clusters, "component").select("article_id", "cluster_id"))


def standing(connection: Connection) -> DataFrame:
    """Rows of the temporary table `standing`: which article of one page stands for the others that are linked with it."""
    spark = connection.spark
    pages = spark.table("pages").where("has_other")
    linked = components(connection, spark.table("page_links").toDF("node", "other")).withColumnRenamed("node", "article_id")
    linked = pages.join(linked, "article_id", "left").withColumn("component", F.coalesce("component", "article_id"))
    first = linked.groupBy("component").agg(F.min_by("article_id", "place").alias("standing_article_id"))
    return linked.join(first, "component").select("article_id", "standing_article_id")


def components(connection: Connection, links: DataFrame) -> DataFrame:
    """(node, component) of all nodes that links (node, other) link with others; a component is called by its smallest node.

    By turns each node's larger neighbours, then its smaller ones and itself, are linked with the smallest of them all, until each component is a
    star around its smallest node (large-star and small-star of Kiveris et al., Connected Components in MapReduce and Beyond): the rounds grow with
    the logarithm of a component's size, whatever its shape. Links lead from the larger to the smaller node.
    """
    spark = connection.spark
    connection.make("linked", links.where("node <> other").selectExpr("greatest(node, other) as node", "least(node, other) as other").distinct())
    while not _are_stars(spark.table("linked")):
        connection.make("linked", _large_star(spark.table("linked")))
        connection.make("linked", _small_star(spark.table("linked")))
    stars = spark.table("linked").selectExpr("node", "other as component")
    return stars.union(stars.selectExpr("component as node", "component").distinct())


def _are_stars(links: DataFrame) -> bool:
    """Whether each node leads to one other, from which none leads on."""
    branching = links.groupBy("node").count().where("count > 1").select("node")
    going_on = links.join(links.selectExpr("node as other"), "other", "left_semi").select("node")
    return branching.union(going_on).isEmpty()


def _large_star(links: DataFrame) -> DataFrame:
    both = links.union(links.selectExpr("other as node", "node as other"))
    smallest = both.groupBy("node").agg(F.least(F.col("node"), F.min("other")).alias("smallest"))
    return both.where("other > node").join(smallest, "node").selectExpr("other as node", "smallest as other").distinct()


def _small_star(links: DataFrame) -> DataFrame:
    smallest = links.groupBy("node").agg(F.min("other").alias("smallest"))
    around = links.join(smallest, "node").where("other <> smallest").selectExpr("other as node", "smallest as other")
    return around.union(smallest.selectExpr("node", "smallest as other")).distinct()
