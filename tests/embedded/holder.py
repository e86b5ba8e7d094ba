"""A process of its own that starts the embedded server, tells its address, and leaves when it is told to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from randonumber.embedded.place import Account

ROOT: Final = Path(__file__).resolve().parent.parent.parent

# The package is entered without its __init__, which loads the whole app and takes a second. What another user
# could not read is loaded before becoming that user.
SCRIPT: Final = """
import ctypes, os, signal, sys, types, warnings
from pathlib import Path

root, state, uid, gid, programs, as_reaper = sys.argv[1:]
package = types.ModuleType("randonumber")
package.__path__ = [f"{root}/randonumber"]
sys.modules["randonumber"] = package
from randonumber.embedded import LocalPostgres, PostgresDidNotStart, place
import psycopg.pq, sqlalchemy.dialects.postgresql.psycopg

if int(as_reaper):
    PR_SET_CHILD_SUBREAPER = 36
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
if int(uid) != os.geteuid():
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))
    place._programs = lambda account: Path(programs)
for line in sys.stdin:
    if line == "start\\n":
        postgres = LocalPostgres(Path(state), durable=False)
        try:
            print(postgres.start().url("postgres"), flush=True)
        except PostgresDidNotStart as error:
            print("refused:", str(error).replace("\\n", " "), flush=True)
    if line == "keep\\n":
        postgres.keep()
        print("kept", flush=True)
    if line == "fork\\n":
        warnings.simplefilter("ignore")
        if pid := os.fork():
            print(pid, flush=True)
        else:
            signal.pause()
"""


class Holder:
    """One process; `as_reaper` gives it the orphans of its children, which it never reaps."""

    def __init__(self, state: Path, account: Account, programs: Path = Path(), *, as_reaper: bool = False) -> None:
        arguments = [ROOT, state, account.uid, account.gid, programs, int(as_reaper)]
        command = [sys.executable, "-W", "error", "-c", SCRIPT, *map(str, arguments)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def ask(self, command: str = "start") -> None:
        """Let it start, keep or fork; `answer` waits for the outcome."""
        assert self.process.stdin
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def start(self) -> str:
        """Return the address, or the refusal."""
        self.ask()
        return self.answer()

    def leave(self) -> None:
        """End as a program ends: the server is released on the way out."""
        assert self.process.stdin
        self.process.stdin.close()
        assert self.process.wait(30) == 0
        self._close()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._close()

    def _close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe and not pipe.closed:
                pipe.close()
