"""Takes a staged run through the stages by shard with one engine, and prints the seconds. For `scale.py`, in a process that has cores of its own."""

import json
import sys
import time

from broadsheet import pipeline
from broadsheet.engine.engines import engine_for
from broadsheet.runs import Run, shards_of

if __name__ == "__main__":
    lake, run_id, workers = sys.argv[1:]
    run = Run.open(lake, run_id)
    engine = engine_for(run.options, int(workers))
    began = time.perf_counter()
    pipeline.by_shard(run, shards_of(run), engine, lambda *_: None)
    print(json.dumps({"seconds": time.perf_counter() - began}))
