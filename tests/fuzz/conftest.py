"""The rules of a record lie with the page kernel's tests."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "page"))
