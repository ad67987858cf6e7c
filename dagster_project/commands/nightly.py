"""The run as CI makes it: what a person needs in the morning is kept in one folder.

`python -m dagster_project.commands.nightly FOLDER` runs the project's own exports.yml and leaves
there the marts, their report, what every gate found, dbt's docs, and `summary.md`, whether the run
was green or not. What has changed is told of a warehouse that was published before.
"""

import argparse
import contextlib
import io
import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..exports.errors import ExportError
from ..report import cells
from ..report.headlines import KINDS, headline
from ..report.language import Language, language
from ..report.page import Figures, read_figures
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
    before = _published(warehouse)
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
        _summary(code, said.getvalue(), warehouse, before), encoding="utf-8"
    )
    print(f"{VERDICTS.get(code, 'broken')}: see {artifacts / 'summary.md'}")
    return code


def _write_docs(warehouse: Warehouse, exports: Path, folder: Path) -> None:
    from ..defs.resources import Shop

    shop = Shop(exports=str(exports), folder=str(warehouse.folder))
    shop.dbt.docs()
    folder.mkdir(exist_ok=True)
    shutil.copy(warehouse.dbt_target / "static_index.html", folder / "index.html")


def _published(warehouse: Warehouse) -> Figures | str:
    """The figures that readers see; why there are none."""
    try:
        return read_figures(warehouse.marts_file)
    except ExportError as error:
        return str(error)


def _summary(code: int, said: str, warehouse: Warehouse, before: Figures | str) -> str:
    lines = [f"# Nightly: {VERDICTS.get(code, 'broken')}", ""]
    if code == GREEN:
        now = read_figures(warehouse.marts_file)
        words = language("en", now.settings.get("base_currency"))
        lines += [f"As of {now.run['as_of_date']}; all figures are in `report.html`.", ""]
        lines += ["## Figures", "", *_headlines(now, before, words)]
        lines += ["", "## To be looked at", "", *(_warnings(now) or ["nothing looks implausible"])]
        lines += ["", "## What changed since the last publication", "", *_changes(now, before)]
    else:
        last = "nothing is published yet"
        if not isinstance(before, str):
            last = f"readers see what was published before, as of {before.run['as_of_date']}"
        lines += [f"Nothing was published; {last}."]
    lines += ["", "## Checks that did not pass", "", *(_failed_checks(warehouse) or ["none"])]
    if code == GREEN:
        lines += ["", "## Rows set aside", "", *_set_aside(warehouse)]
        lines += ["", "## Marts", "", *_marts(warehouse)]
    lines += ["", "## What the run said", "", "```", said.strip(), "```"]
    return "\n".join(lines) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """A table in Markdown."""
    lines = [[f"{cell}".replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines)]


def _headlines(now: Figures, before: Figures | str, words: Language) -> list[str]:
    """The figures at the top of the report, and what was published of the same period."""
    rows = []
    for name, periods in now.headlines.items():
        told = headline(name, periods, words)
        earlier = [] if isinstance(before, str) else before.headlines[name]
        period = periods[-1]["period"] if periods else None
        same = [row["value"] for row in earlier if row["period"] == period]
        published = cells.text(same[0], KINDS[name][0], words) if same else ""
        change = " ".join(part for part in (told.change, told.before, told.certainty) if part)
        rows.append((told.title, told.value, told.period, told.interval, change, published))
    return _table(("figure", "value", "of", "interval", "change", "published before"), rows)


def _warnings(figures: Figures) -> list[str]:
    return [
        f"- {row['export']}: {row['warning']} ({row['occurrences']:,})"
        for row in figures.rows["warnings"]
    ]


def _changes(now: Figures, before: Figures | str) -> list[str]:
    """Rows that came, complete figures that read otherwise, and warnings that are new or gone."""
    if isinstance(before, str):
        return [f"There is nothing to compare with: {before}"]
    found = [f"- as of {before.run['as_of_date']} before"]
    found += _rows_that_came(now, before)
    found += [
        f"- figures of {row['study']} by {row['period']} that read otherwise: {row['cells']:,}"
        f" ({row['cause']})"
        for row in now.rows["restatements"]
    ]
    new, old = ({line.rsplit(" (", 1)[0]: line for line in _warnings(f)} for f in (now, before))
    found += [f"- new warning: {new[key][2:]}" for key in new if key not in old]
    found += [f"- no longer warned of: {old[key][2:]}" for key in old if key not in new]
    return found


def _rows_that_came(now: Figures, before: Figures) -> Iterator[str]:
    used, was = ({row["export"]: row["rows_used"] for row in f.rows["rows"]} for f in (now, before))
    for export in sorted(used | was):
        if more := used.get(export, 0) - was.get(export, 0):
            yield f"- {export}: {more:+,} used rows"


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
    return _table(("mart", "rows"), ((name, f"{rows:,}") for name, rows in tables))


def _set_aside(warehouse: Warehouse) -> list[str]:
    with read_marts(warehouse.marts_file) as con:
        reasons = con.execute(
            "select export, kind, reason, count(*) from quarantine group by all order by all"
        ).fetchall()
    counted = ((*where, f"{rows:,}") for *where, rows in reasons)
    return _table(("export", "kind", "reason", "rows"), counted)


if __name__ == "__main__":
    sys.exit(main())
