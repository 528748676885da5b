"""What Airflow adds to building a day: `scheduling.py` under the name of what it measures. `make bench-airflow`"""

import sys

# This folder goes to the end of the path: at its beginning, this file would be taken for Airflow.
sys.path.append(sys.path.pop(0))

from scheduling import main

if __name__ == "__main__":
    main()
