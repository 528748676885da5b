"""Airflow for these tests: a home of their own, set before anything imports Airflow, which would else make one in $HOME."""

import os
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "bin"))
sys.path.append(str(PROJECT / "bench"))

if "airflow" not in sys.modules:
    import airflow_home

    _home = tempfile.TemporaryDirectory(prefix="broadsheet-airflow-")  # removed when the interpreter ends
    os.environ.update({name: value for name, value in airflow_home.environment(Path(_home.name)).items() if name.startswith("AIRFLOW_")})
