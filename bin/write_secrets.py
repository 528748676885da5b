"""Writes the secrets that docker-compose.yaml demands into `.env` beside it, each a long random value. This is `make secrets`.

A file that is there is left as it is: what PostgreSQL was made with, and what is encrypted with the Fernet key, needs the old values.

Exit codes: 0 written · 2 there is a file already.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / ".env"


def fresh() -> dict[str, str]:
    """A value for each secret; none has a character that a URL or a shell would take for something else."""
    return {
        "POSTGRES_PASSWORD": secrets.token_urlsafe(32),
        "REDIS_PASSWORD": secrets.token_urlsafe(32),
        "AIRFLOW_ADMIN_PASSWORD": secrets.token_urlsafe(18),
        "AIRFLOW_FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "AIRFLOW_JWT_SECRET": secrets.token_urlsafe(64),
        "AIRFLOW_SECRET_KEY": secrets.token_urlsafe(32),
    }


def main() -> int:
    lines = "".join(f"{name}={value}\n" for name, value in fresh().items())
    try:
        with os.fdopen(os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(lines)
    except FileExistsError:
        print(f"{FILE} is there already and stays as it is. docs/operate/security.md tells how to change a secret.", file=sys.stderr)
        return 2
    print(f"Wrote {FILE}, readable by you alone. The UI's user is admin, its password AIRFLOW_ADMIN_PASSWORD.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
