"""On the path of executors: their guards read pages with the reader that obeys hostile ones."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from broadsheet.engine import extracting

extracting.WORK = "evil_reading:evil_reader"
