"""The run as CI makes it: what a person needs in the morning is kept in one folder.

`python -m dagster_project.commands.nightly FOLDER` runs the project's own exports.yml and leaves
there the marts, their report, what every gate found, dbt's docs, and `summary.md`, whether the run
was green or not.
"""

import argparse
import contextlib
import io
import json
import shutil
import sys
from pathlib import Path

from ..settings import exports_file, warehouse_folder
from ..warehouse.files import Warehouse
from ..warehouse.read import read_marts
from .cli import GREEN
from .cli import main as retention

VERDICTS = {0: "green", 1: "red: a gate or a test stopped it", 2: "wrong configuration or file"}


class _Tee(io.StringIO):
    """Prints what is written to it, and keeps it for the summary."""

    def write(self, text: str) -> int:
        sys.__stderr__.write(text)  # type: ignore[union-attr]
        return super().write(text)


def main(arguments: list[str] | None = None) -> int:
    """Run, gather the artifacts, write the summary; the return value is the run's exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifacts", type=Path)
    parser.add_argument("--exports", type=Path, default=exports_file())
    given = parser.parse_args(arguments)
    artifacts = given.artifacts.resolve()
    artifacts.mkdir(parents=True, exist_ok=True)
    warehouse = Warehouse(warehouse_folder())
    with contextlib.redirect_stderr(_Tee()) as said:
        code = retention(
            ["run", "--exports", str(given.exports), "--warehouse", str(warehouse.folder)]
        )
    if warehouse.checks_folder.exists():
        shutil.copytree(warehouse.checks_folder, artifacts / "checks", dirs_exist_ok=True)
        shutil.copytree(warehouse.docs_folder, artifacts / "data_docs", dirs_exist_ok=True)
    if code == GREEN:
        shutil.copy(warehouse.marts_file, artifacts / "marts.duckdb")
        shutil.copy(warehouse.report_file, artifacts / "report.html")
        _write_docs(warehouse, given.exports, artifacts / "dbt_docs")
    (artifacts / "summary.md").write_text(
        _summary(code, said.getvalue(), warehouse), encoding="utf-8"
    )
    print(f"{VERDICTS.get(code, 'broken')}: see {artifacts / 'summary.md'}")
    return code


def _write_docs(warehouse: Warehouse, exports: Path, folder: Path) -> None:
    from ..defs.resources import Shop

    shop = Shop(exports=str(exports), folder=str(warehouse.folder))
    shop.dbt.docs()
    folder.mkdir(exist_ok=True)
    shutil.copy(warehouse.dbt_target / "static_index.html", folder / "index.html")


def _summary(code: int, said: str, warehouse: Warehouse) -> str:
    lines = [f"# Nightly: {VERDICTS.get(code, 'broken')}", "", "```", said.strip(), "```", ""]
    lines += ["## Checks that did not pass", ""] + (_failed_checks(warehouse) or ["none"])
    if code == GREEN:
        lines += ["", "## Marts", "", *_marts(warehouse)]
        lines += ["", "## Rows set aside", "", *_set_aside(warehouse)]
    return "\n".join(lines) + "\n"


def _failed_checks(warehouse: Warehouse) -> list[str]:
    """What the gates of the newest run did not let pass."""
    runs = sorted(warehouse.checks_folder.glob("*"), key=lambda path: path.stat().st_mtime)
    failed = []
    for file in sorted(runs[-1].glob("*.json")) if runs else []:
        for suite in json.loads(file.read_text(encoding="utf-8")):
            failed += [
                f"- {outcome['severity']}: `{suite['schema']}.{suite['table']}` "
                f"{outcome['description'] or outcome['expectation']}: {outcome['observed']}"
                for outcome in suite["outcomes"]
                if not outcome["passed"]
            ]
    return failed


def _marts(warehouse: Warehouse) -> list[str]:
    with read_marts(warehouse.marts_file) as con:
        tables = con.execute(
            "select table_name, estimated_size from duckdb_tables()"
            " where database_name = 'marts' order by table_name"
        ).fetchall()
    return ["| mart | rows |", "|---|---|", *(f"| {name} | {rows:,} |" for name, rows in tables)]


def _set_aside(warehouse: Warehouse) -> list[str]:
    with read_marts(warehouse.marts_file) as con:
        reasons = con.execute(
            "select export, kind, reason, count(*) from quarantine group by all order by all"
        ).fetchall()
    head = ["| export | kind | reason | rows |", "|---|---|---|---|"]
    return head + [
        f"| {export} | {kind} | {why} | {rows:,} |" for export, kind, why, rows in reasons
    ]


if __name__ == "__main__":
    sys.exit(main())
