"""What `spark-submit` is given to derive: PLAN. Alone in its folder, which Spark puts on the path."""

import sys

from broadsheet.engine.spark.derive_job import main

if __name__ == "__main__":
    main(sys.argv[1])
