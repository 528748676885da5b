"""The maker of WARC files lies with the capture stage's tests."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "capture"))
