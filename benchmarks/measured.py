"""Models and a script by hand over one loaded shop: what each costs, and that they are equal."""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from dagster_project.exports.config.load import load_config
from dagster_project.settings import DBT_PROJECT, OFFLINE, ROOT
from dagster_project.warehouse.files import Warehouse
from dagster_project.warehouse.project import given_by_contract

_BY_HAND = """
import duckdb, sys
from pathlib import Path
with duckdb.connect(sys.argv[2]) as con:
    con.execute(f"attach '{sys.argv[1]}' as shop (read_only)")
    con.execute(Path(sys.argv[3]).read_text())
"""


@dataclass
class Cost:
    """Seconds of every run by the clock and of CPU, and the largest peak of resident memory."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0

    def __str__(self) -> str:
        shown = ", ".join(f"{seconds:.1f}" for seconds in sorted(self.seconds))
        return (
            f"median {self.median:6.1f} s, CPU {self.median_cpu:6.1f} s,"
            f" {self.peak_bytes / 2**30:5.2f} GB  of {shown}"
        )

    @property
    def median(self) -> float:
        """Median of the seconds."""
        return statistics.median(self.seconds)

    @property
    def median_cpu(self) -> float:
        """Median of the seconds of CPU."""
        return statistics.median(self.cpu_seconds)

    def run(self, *command: str, **environment: str) -> None:
        """Run a command to its end; its failure is ours."""
        started, cpu = time.perf_counter(), _children_cpu()
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            process = subprocess.Popen(
                command, env=os.environ | environment, cwd=ROOT, stdout=output, stderr=output
            )
            while process.poll() is None:
                self.peak_bytes = max(self.peak_bytes, _peak_bytes(process.pid))
                time.sleep(0.02)
            if process.returncode:
                output.seek(0)
                raise SystemExit(f"{command} failed:\n{output.read()}")
        self.seconds.append(time.perf_counter() - started)
        self.cpu_seconds.append(_children_cpu() - cpu)


def in_a_room(about: str, customers: int, measure: Callable[[Path, int, int], None]) -> None:
    """Read what a measurement is given on the command line, and take it in a folder of its own."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--customers", type=int, default=customers)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--room", type=Path, help="where the files go; a temporary folder if none")
    given = parser.parse_args()
    os.environ.update(OFFLINE)
    with tempfile.TemporaryDirectory(dir=given.room) as room:
        measure(Path(room), given.customers, given.runs)


def by_hand(room: Path, cost: Cost, script: Path) -> Path:
    """Run a script of SQL over what was loaded; the database it wrote."""
    written = room / "by_hand.duckdb"
    written.unlink(missing_ok=True)
    build = str(Warehouse(room).build_file)
    cost.run(sys.executable, "-c", _BY_HAND, build, str(written), str(script))
    return written


def dbt(room: Path, cost: Cost, marts: Iterable[str], *options: str) -> None:
    """Build the marts and all they are made of; the seeds belong to it."""
    command = [str(Path(sys.executable).with_name("dbt")), "build", *options, "--select"]
    command += [f"+{mart}" for mart in marts]
    command += ["--exclude-resource-type", "unit_test", "test", "--vars"]
    command += [json.dumps(load_config(room / "exports.yml").dbt_vars() | given_by_contract())]
    command += ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    command += ["--target-path", str(room / "dbt"), "--log-path", str(room / "dbt")]
    cost.run(*command, RETENTION_BUILD_DATABASE=str(Warehouse(room).build_file))


def model_seconds(room: Path) -> dict[str, float]:
    """Seconds of the last run by model."""
    results = json.loads((room / "dbt/run_results.json").read_text(encoding="utf-8"))["results"]
    return {one["unique_id"].split(".")[-1]: float(one["execution_time"]) for one in results}


def slowest(seconds: dict[str, float]) -> str:
    slowest = sorted(seconds.items(), key=lambda item: -item[1])[:8]
    return ", ".join(f"{name} {cost:.1f}" for name, cost in slowest)


def has_segments(con: duckdb.DuckDBPyConnection, mart: str) -> bool:
    columns = con.execute(f"select * from shop.marts.{mart} limit 0").description or []
    return "segment_name" in [name for name, *_ in columns]


def must_be_equal(con: duckdb.DuckDBPyConnection, what: str, ours: str, theirs: str) -> None:
    differences = con.execute(
        f"(({ours}) except all ({theirs})) union all (({theirs}) except all ({ours})) limit 5"
    ).fetchall()
    counted = con.execute(f"select count(*) from ({ours})").fetchall()
    if differences or not counted[0][0]:
        raise SystemExit(f"{what}: {differences or 'no rows'}")
    print(f"{'equal: ' + what:34} {counted[0][0]:,} rows")


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _peak_bytes(process: int) -> int:
    """Most memory a process has held so far; what wait4 tells begins with that of its parent."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0
