"""Run by Spark's Python: components of links, beside those that scipy finds. Prints how many graphs agree."""

import random
import sys

from pyspark.sql import SparkSession
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from broadsheet.engine.spark.derive_reprints import components
from broadsheet.engine.spark.derive_sql import Connection

CHAIN = [(number, number + 1) for number in range(40)]
STAR = [(500, number) for number in range(501, 560)]
rng = random.Random(5)
SPARSE = [(rng.randrange(100), rng.randrange(100)) for _ in range(60)]


def expected(links: list[tuple[int, int]]) -> dict[str, str]:
    nodes = sorted({f"{node:03d}" for link in links if link[0] != link[1] for node in link})
    places = {node: place for place, node in enumerate(nodes)}
    ends = [(places[f"{one:03d}"], places[f"{other:03d}"]) for one, other in links if one != other]
    _, labels = connected_components(coo_array(([1] * len(ends), tuple(zip(*ends, strict=True))), shape=(len(nodes), len(nodes))), directed=False)
    first = {}
    for node, label in zip(nodes, labels, strict=True):
        first.setdefault(label, node)
    return {node: first[label] for node, label in zip(nodes, labels, strict=True)}


def main(scratch: str) -> None:
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", 1).getOrCreate()
    connection = Connection(spark, scratch)
    for links in (CHAIN + STAR, SPARSE):
        rows = spark.createDataFrame([(f"{one:03d}", f"{other:03d}") for one, other in links], "node string, other string")
        assert dict(map(tuple, components(connection, rows).collect())) == expected(links)
    print("agree")
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1])
