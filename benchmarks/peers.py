"""Other packages, each in an environment of its own under `instance/`."""

from __future__ import annotations

import subprocess
import sys
import venv
from typing import TYPE_CHECKING, Final

from randonumber.config import ROOT

if TYPE_CHECKING:
    from pathlib import Path

GRINGOTTS: Final = ("gringotts-api==0.4.0", "uvicorn[standard]", "psycopg[binary]")


def gringotts() -> Path | None:
    """Return the Python of an environment with gringotts-api, made at the first call; None when pip cannot get it."""
    place = ROOT / "instance" / "bench-gringotts"
    python = place / "bin" / "python"
    done = place / "installed"
    if done.exists():
        return python
    print(f"Installing {GRINGOTTS[0]} into instance/{place.name} …", flush=True)
    venv.create(place, with_pip=True, clear=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *GRINGOTTS]
    if subprocess.run(install, check=False, stdout=sys.stderr).returncode:
        return None
    done.touch()
    return python
