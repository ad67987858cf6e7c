"""`retention nightly`: the run as CI makes it, and a folder of what people need in the morning."""

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
from ..warehouse.files import Warehouse
from ..warehouse.read import read_marts
from .run import inode, run
from .terminal.door import through_the_door
from .terminal.exit_codes import BROKEN, GREEN, INTERRUPTED, RED, USER_ERROR

VERDICTS = {
    GREEN: "green",
    RED: "red: a gate or a test stopped it",
    USER_ERROR: "the configuration, a file or the machine needs you",
    BROKEN: "broken: a defect",
    INTERRUPTED: "stopped before its end",
}


class _Tee(io.StringIO):
    """Prints what is written to it, and keeps it for the summary."""

    def write(self, text: str) -> int:
        sys.__stderr__.write(text)  # type: ignore[union-attr]
        return super().write(text)


def night(artifacts: Path, exports: Path, warehouse: Warehouse) -> int:
    """Run, gather the artifacts, write the summary; the return value is the run's exit code.

    What has changed is told of a warehouse that was published before. In the folder nothing stays
    of an earlier night.
    """
    before, checked = _published(warehouse), _checked_runs(warehouse)
    file_before = inode(warehouse)
    with contextlib.redirect_stderr(_Tee()) as said:
        code = through_the_door(lambda: run(exports, warehouse, full_refresh=False, prune=False))
    _empty(artifacts)
    for kept in (warehouse.checks_folder, warehouse.docs_folder):
        if kept.exists():
            shutil.copytree(kept, artifacts / kept.name)
    if code == GREEN:
        shutil.copy(warehouse.marts_file, artifacts / "marts.duckdb")
        shutil.copy(warehouse.report_file, artifacts / "report.html")
        _write_docs(warehouse, exports, artifacts / "dbt_docs")
    if code == GREEN:
        told = _figures(warehouse, before)
    elif inode(warehouse) != file_before:
        told = ["The marts are published, but the run did not come to its end."]
    elif isinstance(before, str):
        told = [f"Nothing was published, and nothing is: {before}"]
    else:
        as_of = before.run["as_of_date"]
        told = [f"Nothing was published; readers see what was published before, as of {as_of}."]
    lines = [f"# Nightly: {VERDICTS[code]}", "", *told]
    lines += ["", "## Checks that did not pass", ""]
    lines += _failed_checks(_checked_runs(warehouse) - checked)
    if code == GREEN:
        lines += ["", "## Rows set aside", "", *_set_aside(warehouse)]
        lines += ["", "## Marts", "", *_marts(warehouse)]
    lines += ["", "## What the run said", "", "```", said.getvalue().strip(), "```", ""]
    (artifacts / "summary.md").write_text("\n".join(lines), encoding="utf-8")
    print(f"{VERDICTS[code]}: see {artifacts / 'summary.md'}")
    return code


def _empty(artifacts: Path) -> None:
    """Make the folder, and take out of it what this command wrote there the last time."""
    artifacts.mkdir(parents=True, exist_ok=True)
    for name in ("checks", "data_docs", "dbt_docs"):
        shutil.rmtree(artifacts / name, ignore_errors=True)
    for name in ("marts.duckdb", "report.html", "summary.md"):
        (artifacts / name).unlink(missing_ok=True)


def _checked_runs(warehouse: Warehouse) -> set[Path]:
    """The folders of the runs whose gates were kept."""
    return set(warehouse.checks_folder.glob("*"))


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


def _figures(warehouse: Warehouse, before: Figures | str) -> list[str]:
    """What was published, what looks wrong with it, and what it changes."""
    now = read_figures(warehouse.marts_file)
    words = language("en", now.settings.get("base_currency"))
    lines = [f"As of {now.run['as_of_date']}; all figures are in `report.html`.", ""]
    lines += ["## Figures", "", *_headlines(now, before, words)]
    lines += ["", "## To be looked at", "", *(_warnings(now) or ["nothing looks implausible"])]
    lines += ["", "## What changed since the last publication", "", *_changes(now, before)]
    return lines


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


def _failed_checks(runs: set[Path]) -> list[str]:
    """What the gates of this night's run did not let pass."""
    if not runs:
        return ["no gate was reached"]
    failed = [
        f"- {outcome['severity']}: `{suite['schema']}.{suite['table']}` "
        f"{outcome['description'] or outcome['expectation']}: {outcome['observed']}"
        for run in runs
        for file in sorted(run.glob("*.json"))
        for suite in json.loads(file.read_text(encoding="utf-8"))
        for outcome in suite["outcomes"]
        if not outcome["passed"]
    ]
    return failed or ["none"]


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
