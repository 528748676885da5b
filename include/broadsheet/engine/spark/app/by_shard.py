"""What `spark-submit` is given: LAKE RUN PROGRAM TOKEN. Alone in its folder, which Spark puts on the path."""

import sys

from broadsheet.engine.spark.driver import main

if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
