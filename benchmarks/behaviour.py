"""What the behaviour marts cost at 20 million events: the models against the limit and the peers.

The limit is one hand-written DuckDB script (behaviour.sql) that makes the same tables from the same
loaded events: what a million customers of the demo's simulator did over 730 days. The peers are
pandas and Polars, for monthly cohorts and trailing 30-day actives. Each runs in a process of its
own, in turn; medians of wall seconds and the largest peak of memory are reported, and every count
is compared. Then one more day is loaded and built on top, and the models are named that would have
to follow the day alone for that to cost a twentieth.
Seconds of CPU stand beside those of the clock, since other work on the machine moves only these.

    python -m benchmarks.behaviour [--customers 1000000] [--runs 3] [--room /tmp/behaviour]
"""

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
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from dagster_project.exports.config.load import load_config
from dagster_project.settings import DBT_PROJECT, OFFLINE, ROOT
from dagster_project.warehouse.files import Warehouse
from dagster_project.warehouse.project import given_by_contract

from .event_shop import deliver_next_day, load, prepare_room
from .peers import LIBRARIES

#: Of each mart: what is compared of the rows that the script makes too.
COMPARED = {
    "cohort_retention": "study in ('any_to_any', 'session_to_session') and bucket = 'calendar'",
    "retention_curve": "study in ('any_to_any', 'session_to_session') and bucket = 'calendar'",
    "lifecycle": "true",
    "active_customers": "true",
    "stickiness": "true",
    "monthly_churn": "base = 'any'",
    "lifespan_survival": "true",
    "lifespan_summary": "true",
}
SCRIPT = Path(__file__).with_suffix(".sql")
BY_HAND = """
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


def main() -> None:
    """Measure, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=1_000_000, help="20 events of each")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--room", type=Path, help="where the files go; a temporary folder if none")
    given = parser.parse_args()
    os.environ.update(OFFLINE)
    with tempfile.TemporaryDirectory(dir=given.room) as room:
        _measure(Path(room), given.customers, given.runs)


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


def _measure(room: Path, customers: int, runs: int) -> None:
    prepare_room(room, customers)
    written = duckdb.sql(
        "select count(*), count(distinct customer_id), count(distinct occurred_at::date)"
        f" from '{room}/events/*.parquet'"
    ).fetchall()[0]
    print("{:,} events of {:,} customers over {} days".format(*written))
    print(f"{'load':34} {load(room):6.1f} s")

    by_hand = room / "by_hand.duckdb"
    models, limit = Cost(), Cost()
    figures = {name: Cost() for name in LIBRARIES}
    for _ in range(runs):
        by_hand.unlink(missing_ok=True)
        build = str(Warehouse(room).build_file)
        limit.run(sys.executable, "-c", BY_HAND, build, str(by_hand), str(SCRIPT))
        _dbt(room, models, "--full-refresh")
        for name, cost in figures.items():
            (room / name).mkdir(exist_ok=True)
            command = [sys.executable, "-m", "benchmarks.peers", name]
            cost.run(*command, str(room / "events"), str(room / name))
    print(f"{'all behaviour marts: models':34} {models}")
    full = _model_seconds(room)
    print(
        f"{'  of which from staging on':34} {_after_staging(room):6.1f} s in models, the last run"
    )
    print(f"{'  slowest models':34} {_slowest(full)}")
    print(f"{'all behaviour marts: by hand':34} {limit}")
    ratio, of_cpu = models.median / limit.median, models.median_cpu / limit.median_cpu
    print(f"{'  ratio':34} {ratio:6.2f}, of CPU {of_cpu:.2f}")
    for name, cost in figures.items():
        print(f"{'cohorts and 30-day actives: ' + name:34} {cost}")
    _compare(room, by_hand)

    deliver_next_day(room)
    print(f"{'one more day: load':34} {load(room):6.1f} s")
    day = Cost()
    _dbt(room, day)
    _tell_day(day, models, _model_seconds(room), full)


def _tell_day(day: Cost, models: Cost, now: dict[str, float], full: dict[str, float]) -> None:
    """What the day cost of a full build, and what stands in the way of a twentieth of it."""
    print(f"{'one more day: models':34} {day}")
    share, of_cpu = day.median / models.median, day.median_cpu / models.median_cpu
    print(f"{'  of a full build':34} {share:6.0%}, of CPU {of_cpu:.0%}")
    one, whole = now["activity_days"], full["activity_days"]
    print(f"{'  activity_days':34} {one:6.1f} s, {one / whole:.0%} of its own {whole:.1f} s")
    print(f"{'  slowest models':34} {_slowest(now)}")
    # the fewest models that would have to cost nothing
    left, in_the_way = sum(now.values()) - sum(full.values()) / 20, []
    for name, seconds in sorted(now.items(), key=lambda item: -item[1]):
        if left > 0:
            in_the_way.append(name)
            left -= seconds
    print(f"{'  5 % of the models if the day alone':34} moved {', '.join(in_the_way)}")


def _dbt(room: Path, cost: Cost, *options: str) -> None:
    """Build the marts and all they are made of; the seeds belong to it."""
    command = [str(Path(sys.executable).with_name("dbt")), "build", *options, "--select"]
    command += [f"+{mart}" for mart in COMPARED]
    command += ["--exclude-resource-type", "unit_test", "test", "--vars"]
    command += [json.dumps(load_config(room / "exports.yml").dbt_vars() | given_by_contract())]
    command += ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    command += ["--target-path", str(room / "dbt"), "--log-path", str(room / "dbt")]
    cost.run(*command, RETENTION_BUILD_DATABASE=str(Warehouse(room).build_file))


def _model_seconds(room: Path) -> dict[str, float]:
    """Seconds of the last run by model."""
    results = json.loads((room / "dbt/run_results.json").read_text(encoding="utf-8"))["results"]
    return {one["unique_id"].split(".")[-1]: float(one["execution_time"]) for one in results}


def _after_staging(room: Path) -> float:
    """Seconds of the last run's models after staging."""
    manifest = json.loads((room / "dbt/manifest.json").read_text(encoding="utf-8"))["nodes"]
    later = {node["name"] for node in manifest.values() if node["schema"] != "staging"}
    return sum(seconds for name, seconds in _model_seconds(room).items() if name in later)


def _slowest(seconds: dict[str, float]) -> str:
    slowest = sorted(seconds.items(), key=lambda item: -item[1])[:8]
    return ", ".join(f"{name} {cost:.1f}" for name, cost in slowest)


def _compare(room: Path, by_hand: Path) -> None:
    """Every figure of the script and of the peers against the marts; a difference ends it all."""
    with duckdb.connect() as con:
        con.execute(f"attach '{Warehouse(room).build_file}' as shop (read_only)")
        con.execute(f"attach '{by_hand}' as hand (read_only)")
        for mart, rows in COMPARED.items():
            columns = con.execute(f"select * from hand.{mart} limit 0").description or []
            names = ", ".join(
                f'round("{name}", 9)' if name == "survival" else f'"{name}"' for name, *_ in columns
            )
            segment = "segment_name = 'all' and " if _has_segments(con, mart) else ""
            ours = f"select {names} from shop.marts.{mart} where {segment}{rows}"
            _must_be_equal(con, mart, ours, f"select {names} from hand.{mart}")
        for name in LIBRARIES:
            _must_be_equal(
                con,
                f"cohorts by {name}",
                "select year(cohort_start) * 12 + month(cohort_start), period_number,"
                " retained_customers from shop.marts.cohort_retention where study = 'any_to_any'"
                " and period = 'month' and segment_name = 'all' and retained_customers > 0",
                f"from '{room}/{name}/cohorts.csv'",
            )
            _must_be_equal(
                con,
                f"30-day actives by {name}",
                # the peers write days on which the number changes, and go on after the last one
                "select activity_date, mau from shop.marts.active_customers"
                " where activity = 'any' and segment_name = 'all' and activity_date in"
                f" (select day from '{room}/{name}/actives.csv')",
                f"from '{room}/{name}/actives.csv' where day in"
                " (select activity_date from shop.marts.active_customers)",
            )


def _has_segments(con: duckdb.DuckDBPyConnection, mart: str) -> bool:
    columns = con.execute(f"select * from shop.marts.{mart} limit 0").description or []
    return "segment_name" in [name for name, *_ in columns]


def _must_be_equal(con: duckdb.DuckDBPyConnection, what: str, ours: str, theirs: str) -> None:
    differences = con.execute(
        f"(({ours}) except all ({theirs})) union all (({theirs}) except all ({ours})) limit 5"
    ).fetchall()
    counted = con.execute(f"select count(*) from ({ours})").fetchall()
    if differences or not counted[0][0]:
        raise SystemExit(f"{what}: {differences or 'no rows'}")
    print(f"{'equal: ' + what:34} {counted[0][0]:,} rows")


if __name__ == "__main__":
    main()
