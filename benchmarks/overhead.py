"""What orchestration and gates cost: `retention run` against its bare work, side by side.

Bare work is the same loads, the same forecasts, and `dbt build` over the same models and tests
before and after them, without Dagster and without Great Expectations. Both run on the demo a second
time, with nothing changed, in processes of their own and in turn; medians of wall seconds are
reported, and where a run's time goes.

    python -m benchmarks.overhead [--runs 5]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dagster_project.demo import ensure_demo
from dagster_project.settings import DBT_PROJECT, DEMO_EXPORTS, OFFLINE, ROOT
from dagster_project.warehouse.files import Warehouse
from dagster_project.warehouse.project import given_by_contract
from tests.support.shops import dagster_home

EXPORTS = ROOT / "data/exports.yml"

BARE = """
import datetime as dt, json, sys
from pathlib import Path
from dagster_project.exports.config.load import load_config
from dagster_project.exports.contract import load_contract
from dagster_project.exports.loading.loader import Run, load_export, prepare
from dagster_project.warehouse.history import prepare_history
from dagster_project.warehouse.files import Warehouse
from tests.support.shops import dagster_home

config, warehouse = load_config(Path(sys.argv[1])), Warehouse(Path(sys.argv[2]))
run = Run("bare", dt.datetime(2024, 1, 1))
with warehouse.connect() as con:
    prepare(con, config)
    for table in load_contract().tables:
        load_export(con, config, table, run)
    prepare_history(con, warehouse.marts_file, run)
print(json.dumps(config.dbt_vars()))
"""

PREDICT = """
import json, sys
from pathlib import Path
import yaml
from dagster_project.predictions.purchases import predict
from dagster_project.predictions.tables import Forecasts
from dagster_project.settings import DBT_PROJECT
from dagster_project.warehouse.files import Warehouse
from tests.support.shops import dagster_home

variables = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())["vars"]
with Warehouse(Path(sys.argv[1])).connect() as con:
    predict(Forecasts(con), variables | json.loads(sys.argv[2]))
"""

AFTER_FORECASTS = ["fqn:retention.predictions.forecasts", "fqn:retention.marts"]

IMPORTS = {
    "Dagster and the definitions": "import dagster_project.definitions",
    "Great Expectations": "from dagster_project.quality.gx.runner import load_gx; load_gx()",
    "dbt": "import dbt.cli.main, dbt.adapters.duckdb.connections",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    os.environ.update(OFFLINE)
    ensure_demo(DEMO_EXPORTS)
    with tempfile.TemporaryDirectory() as room:
        os.environ["DAGSTER_HOME"] = str(dagster_home(Path(room)))
        whole, bare = Path(room) / "whole", Path(room) / "bare"
        _whole(whole)
        _bare(bare)  # the first of each fills the warehouse and the caches
        seconds: dict[str, list[float]] = {"retention run": [], "bare work": []}
        for _ in range(runs):
            seconds["retention run"].append(_timed(_whole, whole))
            seconds["bare work"].append(_timed(_bare, bare))
        for name, times in seconds.items():
            print(f"{name:28} median {statistics.median(times):6.1f} s  of {sorted(times)}")
        ratio = statistics.median(seconds["retention run"]) / statistics.median(
            seconds["bare work"]
        )
        print(f"{'ratio':28} {ratio:.2f}")
        nothing = _import_seconds("pass")
        for name, statement in IMPORTS.items():
            print(f"import: {name:20} {_import_seconds(statement) - nothing:6.1f} s")


def _whole(folder: Path) -> None:
    command = [sys.executable, "-m", "dagster_project.commands.cli", "run"]
    _quietly([*command, "--exports", str(EXPORTS), "--warehouse", str(folder)])


def _bare(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    loaded = _quietly([sys.executable, "-c", BARE, str(EXPORTS), str(folder)])
    variables = json.loads(loaded.splitlines()[-1]) | given_by_contract()
    command = [str(Path(sys.executable).with_name("dbt")), "build", "--vars", json.dumps(variables)]
    command += ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    command += ["--target-path", str(folder / "dbt"), "--log-path", str(folder / "dbt")]
    command += ["--exclude-resource-type", "unit_test"]
    command += ["--indirect-selection", "buildable"]
    database = {"RETENTION_BUILD_DATABASE": str(Warehouse(folder).build_file)}
    _quietly([*command, "--exclude", *AFTER_FORECASTS], **database)
    _quietly([sys.executable, "-c", PREDICT, str(folder), json.dumps(variables)])
    _quietly([*command, "--select", *AFTER_FORECASTS], **database)


def _quietly(command: list[str], **environment: str) -> str:
    done = subprocess.run(
        command, env=os.environ | environment, cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{command} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def _timed(work: Callable[[Path], None], folder: Path) -> float:
    started = time.perf_counter()
    work(folder)
    return round(time.perf_counter() - started, 1)


def _import_seconds(statement: str) -> float:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        _quietly([sys.executable, "-c", statement])
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
