"""The warehouse on disk: one file that runs build in, one that readers open, one lock."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ..exports.errors import ExportError, WarehouseBusy
from ..settings import LOCK_SECONDS


def is_held(file: Path) -> bool:
    """Whether another process holds a database file, by the lock that DuckDB takes."""
    try:
        with file.open("rb+") as opened:
            fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@dataclass(frozen=True)
class Warehouse:
    """The folder of one shop's warehouse."""

    folder: Path

    @property
    def build_file(self) -> Path:
        """What runs write; nobody else should open it."""
        return self.folder / "build.duckdb"

    @property
    def spill_folder(self) -> Path:
        """Where DuckDB, by its own rule, works on the build file beyond the memory it may use."""
        return self.folder / "build.duckdb.tmp"

    @property
    def marts_file(self) -> Path:
        """What readers open."""
        return self.folder / "marts.duckdb"

    @property
    def kept_folder(self) -> Path:
        """Where the last published files are kept."""
        return self.folder / "kept"

    @property
    def dbt_target(self) -> Path:
        """Where dbt keeps what it compiled for this shop."""
        return self.folder / "dbt"

    @property
    def checks_folder(self) -> Path:
        """Where the results of the gates are kept, a folder a run."""
        return self.folder / "checks"

    @property
    def rejects_file(self) -> Path:
        """Rows that were rejected or held back, as of the last run that got to a gate."""
        return self.folder / "rejects.parquet"

    @property
    def report_file(self) -> Path:
        """Where people read what the marts say: one page."""
        return self.folder / "report" / "index.html"

    @property
    def dagster_home(self) -> Path:
        """Where Dagster keeps the history of this shop's runs."""
        return self.folder / "dagster"

    @property
    def docs_folder(self) -> Path:
        """Where people read what the gates found: a local site."""
        return self.folder / "data_docs"

    @contextmanager
    def connect(self, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the build file, closed afterwards.

        Raises WarehouseBusy where another program has it open, ExportError where it is damaged.
        """
        try:
            con = duckdb.connect(str(self.build_file), read_only=read_only)
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
            if is_held(self.build_file):
                raise WarehouseBusy(
                    f"{self.build_file} is open in another program, and a run needs it for itself;"
                    f" wait for that run, or close it there and read {self.marts_file.name} instead"
                    f" ({said})"
                ) from error
            raise ExportError(
                f"{self.build_file}: cannot be opened ({said}); move it away, and the next run "
                "builds it anew from the exports"
            ) from error
        try:
            con.execute("set TimeZone = 'UTC'")
            yield con
        finally:
            con.close()

    @contextmanager
    def lock(self, run_id: str, tell: Callable[[str], None]) -> Iterator[None]:
        """Hold the warehouse for one run; the lock dies with its process.

        Raises WarehouseBusy, naming the holder, after LOCK_SECONDS of waiting.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a+", encoding="utf-8") as file:
            deadline = time.monotonic() + LOCK_SECONDS
            told = False
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    file.seek(0)
                    holder = file.read() or "another run"
                    if time.monotonic() > deadline:
                        raise WarehouseBusy(
                            f"{self.folder} is held by {holder}; wait until it is done, or end it"
                        ) from None
                    if not told:
                        tell(f"waiting for {holder}, which holds {self.folder}")
                        told = True
                    time.sleep(0.2)
            file.truncate(0)
            file.write(f"run {run_id} (process {os.getpid()})")
            file.flush()
            # DuckDB does not clear away what a killed run had on disk, which may be gigabytes
            if self.spill_folder.exists():
                shutil.rmtree(self.spill_folder)
            try:
                yield
            finally:
                file.truncate(0)

    def checks(self, run_id: str) -> tuple[int, list[str]]:
        """How many expectations of the run's gates held, which did not, and what was found."""
        outcomes = [
            (suite, outcome)
            for stage in sorted((self.checks_folder / run_id).glob("*.json"))
            for suite in json.loads(stage.read_text(encoding="utf-8"))
            for outcome in suite["outcomes"]
        ]
        odd = [
            f"{suite['asset']}, {suite['stage']} gate:"
            f" {outcome['description'] or outcome['expectation']}"
            + (f"; found: {outcome['found']}" if outcome.get("found") else "")
            for suite, outcome in outcomes
            if not outcome["passed"]
        ]
        return len(outcomes) - len(odd), odd

    def keep_checks(self, run_id: str, stage: str, results: list[dict]) -> None:
        """Keep what a gate found, as JSON, whole or not at all."""
        folder = self.checks_folder / run_id
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / f"{stage}.new"
        new.write_text(json.dumps(results, indent=1, default=str), encoding="utf-8")
        new.replace(folder / f"{stage}.json")
