"""The benchmarks are scripts of their own folder, and read the sample world's words."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "bench"), str(ROOT / "examples"), str(ROOT / "tests" / "page")]
