"""Runs of the command that are killed at some moment, and a reader who looks on all the while.

python -m tests.support.kills <marts.duckdb>     the reader; it ends with its standard input
"""

import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.demo import simulate
from dagster_project.exports.sql import identifier
from dagster_project.settings import ROOT
from dagster_project.warehouse.compare import RUN_COLUMNS, RUN_TABLES
from dagster_project.warehouse.project import MANIFEST

from .shops import dagster_home

PATIENCE = 600  # seconds that a run may take beside other tests
#: Rows and a sum of hashes, by mart.
Digest = dict[str, tuple[int, int]]


def digest(marts: Path) -> Digest:
    """What stands in a published file, columns and tables that tell of runs left out."""
    with duckdb.connect(str(marts), read_only=True) as con:
        tables = con.execute(
            "select table_name, string_agg('\"' || column_name || '\"', ', ')"
            " from duckdb_columns() where database_name = current_database()"
            " and schema_name = 'main' and column_name not in ?"
            " and table_name not in ? group by 1 order by 1",
            [list(RUN_COLUMNS), list(RUN_TABLES)],
        ).fetchall()
        return {
            table: con.execute(
                f"select count(*), coalesce(sum(hash({columns})), 0)::hugeint"
                f" from {identifier(table)}"
            ).fetchall()[0]
            for table, columns in tables
        }


@dataclass(frozen=True)
class Seen:
    """What the reader met: times it looked, errors, and each state of the marts in turn."""

    reads: int
    errors: list[str]
    states: list[Digest]


def read_on(marts: Path) -> Seen:
    """Open the file and read every mart, again and again until standard input ends."""
    reads = 0
    errors: list[str] = []
    states: list[Digest] = []
    while not select.select([sys.stdin], [], [], 0.15)[0]:
        if not marts.exists() and not states:
            continue
        reads += 1
        try:
            found = digest(marts)
        except duckdb.Error as error:
            errors.append(str(error))
            continue
        if not states or states[-1] != found:
            states.append(found)
    return Seen(reads, errors, states)


@contextmanager
def reader(marts: Path, seen: list[Seen]) -> Iterator[None]:
    """A reader in a process of its own; what it has seen is appended at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.kills", str(marts)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield
        said, _ = process.communicate(timeout=60)
        found = json.loads(said)
        states = [{mart: tuple(of) for mart, of in state.items()} for state in found["states"]]
        seen.append(Seen(found["reads"], found["errors"], states))
    finally:
        process.kill()
        process.wait()


class Command:
    """`retention run` in a session of its own, and when it said what.

    With `largest_file`, bytes, it can write no file beyond that size: to it, the disk is full.
    """

    def __init__(
        self, exports: Path, warehouse: Path, home: Path, largest_file: int | None = None
    ) -> None:
        self.started = time.monotonic()
        self.said: list[tuple[float, str]] = []
        blocks = None if largest_file is None else largest_file // 512
        self._process = subprocess.Popen(
            [
                *(("sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh") if blocks else ()),
                *(sys.executable, "-m", "dagster_project.commands.cli", "run"),
                *("--exports", str(exports), "--warehouse", str(warehouse)),
            ],
            cwd=ROOT,
            env=os.environ | {"DAGSTER_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append((time.monotonic() - self.started, line.strip()))

    @property
    def output(self) -> str:
        """Everything said so far."""
        return "\n".join(line for _, line in self.said)

    @property
    def is_running(self) -> bool:
        """Whether it has not come to its end."""
        return self._process.poll() is None

    def wait(self) -> int:
        """Wait for the end; the exit code."""
        code = self._process.wait(timeout=PATIENCE)
        self._listener.join()
        return code

    def kill(self, lines: int, seconds: float) -> int:
        """SIGKILL for it and its children, so many seconds after it has said so many lines.

        Returns the exit code, -9 unless it had come to its end before.
        """
        return self.kill_after(lambda: len(self.said) >= lines, seconds)

    def kill_after(self, begun: Callable[[], bool], seconds: float) -> int:
        """The same, so many seconds after what is asked for has begun."""
        while not begun() and self.is_running:
            time.sleep(0.005)
        if self.is_running:
            time.sleep(seconds)
        if self.is_running:
            os.killpg(self._process.pid, signal.SIGKILL)
        return self.wait()


@dataclass(frozen=True)
class Undisturbed:
    """A run to its end: when it spoke, how long it took, and its marts."""

    spoke: list[float]
    seconds: float
    marts: Digest

    def moment(self, share: float) -> tuple[int, float]:
        """A share of the run as lines said and seconds since: so it holds on a busy machine."""
        at = share * self.seconds
        before = [second for second in self.spoke if second <= at]
        return len(before), at - (before[-1] if before else 0)


@dataclass(frozen=True)
class Killed:
    """A run that was killed: how far it was, its exit code, and the marts that it left."""

    seconds: float
    phase: str
    code: int
    marts: Digest | None


class Scene:
    """A demo shop with last good marts and new files waiting, or with nothing yet."""

    def __init__(self, folder: Path, customers: int = 400, months: int = 6) -> None:
        self.folder = folder
        self.exports = folder / "exports.yml"
        self.home = dagster_home(folder / "dagster")
        self.exports.write_text(
            (ROOT / "data/exports.yml").read_text(encoding="utf-8"), encoding="utf-8"
        )
        demo, waiting = folder / "exports/demo", folder / "waiting"
        simulate(demo, customers=customers, months=months)
        waiting.mkdir()
        for export in ("orders", "sessions", "events", "crm"):
            newest = max(demo.glob(f"{export}_*"))
            newest.rename(waiting / newest.name)
        # the first run of all: what comes later starts from its marts, or from nothing
        self.first = self.undisturbed("good")
        for file in waiting.iterdir():
            file.rename(demo / file.name)
        shutil.copytree(folder / "good", folder / "whole")
        self.second = self.undisturbed("whole")
        assert self.first.marts != self.second.marts

    def undisturbed(self, warehouse: str) -> Undisturbed:
        """Run to the end. Raises AssertionError with what was said if it is not green and clean."""
        command = self.start(warehouse)
        code = command.wait()
        assert code == 0, command.output
        assert "UserWarning" not in command.output, command.output
        seconds = time.monotonic() - command.started
        return Undisturbed([second for second, _ in command.said], seconds, self.marts(warehouse))

    def start(self, warehouse: str) -> Command:
        """Start a run."""
        return Command(self.exports, self.folder / warehouse, self.home)

    def marts_file(self, warehouse: str) -> Path:
        """What readers of this warehouse open."""
        return self.folder / warehouse / "marts.duckdb"

    def marts(self, warehouse: str) -> Digest:
        """What readers of this warehouse find."""
        return digest(self.marts_file(warehouse))

    def victim(self, has_marts: bool) -> str:
        """A warehouse to kill runs in: with the last good marts, or not there yet."""
        name = f"victim {'with marts' if has_marts else 'from nothing'}"
        shutil.rmtree(self.folder / name, ignore_errors=True)
        if has_marts:
            shutil.copytree(self.folder / "good", self.folder / name)
        return name

    def kill(self, warehouse: str, has_marts: bool, share: float) -> Killed:
        """Start a run and kill it after this share of an undisturbed one."""
        example = self.second if has_marts else self.first
        command = self.start(warehouse)
        code = command.kill(*example.moment(share))
        return self._killed(warehouse, command, code)

    def kill_while_publishing(self, warehouse: str, seconds: float) -> Killed:
        """Start a run and kill it so many seconds after it began to write what it publishes."""
        new = self.marts_file(warehouse).with_name("marts.duckdb.new")
        new.unlink(missing_ok=True)
        command = self.start(warehouse)
        code = command.kill_after(new.exists, seconds)
        return self._killed(warehouse, command, code, "publishing" if new.exists() else "")

    def kill_while_parsing(self, warehouse: str, seconds: float) -> Killed:
        """Have dbt read the whole project again, and kill it so many seconds after it began."""
        shutil.rmtree(MANIFEST.parent, ignore_errors=True)
        command = self.start(warehouse)
        code = command.kill_after(_is_parsing, seconds)
        return self._killed(warehouse, command, code, "" if MANIFEST.exists() else "parsing")

    def _killed(self, warehouse: str, command: Command, code: int, phase: str = "") -> Killed:
        seconds = time.monotonic() - command.started
        said = next((said for _, said in reversed(command.said) if said), "starting")
        there = self.marts_file(warehouse).exists()
        return Killed(seconds, phase or said, code, self.marts(warehouse) if there else None)


def _is_parsing() -> bool:
    """Whether a process holds the lock under which dbt parses."""
    try:
        with (MANIFEST.parent / "lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


if __name__ == "__main__":
    print(json.dumps(vars(read_on(Path(sys.argv[1])))))
