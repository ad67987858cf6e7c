"""A shop night after night, with all that goes wrong on the way, and a recount after each night.

What its files hold is drawn from a seed by the oracle's shops, and cut into the files of each
night. Whatever befalls a night, then the rows that have come and were not taken back are counted by
the oracle in plain Python, and the published marts have to equal that; or nothing is published, and
the run says why.
"""

import csv
import datetime as dt
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

from dagster_project.commands.terminal.exit_codes import GREEN, USER_ERROR
from dagster_project.exports.errors import ExportError

from .kills import Command, Digest, Seen, digest, reader
from .line import Line
from .oracle.churn import churn_bridge, monthly_churn
from .oracle.compare import differences
from .oracle.conversion import session_conversion
from .oracle.engagement import active_customers, lifecycle, stickiness
from .oracle.exports import COLUMNS, REFUND_STATUSES, STATUSES, TIMES, Exports, Row
from .oracle.facts import read
from .oracle.generator import draw
from .oracle.lifespans import lifespan_summary, lifespan_survival
from .oracle.plans import SMALL, STUDIES, Plan
from .oracle.purchases import repeat_purchase
from .oracle.retention import SHIPPED, Study, cohort_retention, retention_curve
from .shops import Shop, dagster_home

EXPORTS = ("orders", "refunds", "sessions", "events", "customers")
WHEN = TIMES | {"refunds": "refunded_at", "customers": "signed_up_at"}
#: The first night brings so many days at once.
BEFORE = 40
FIRST_DAY = dt.date(2024, 2, 1)
#: The marts that are recounted; runs in this process build no others.
RECOUNTED = (
    "cohort_retention",
    "retention_curve",
    "lifecycle",
    "active_customers",
    "stickiness",
    "monthly_churn",
    "churn_bridge",
    "repeat_purchase",
    "lifespan_survival",
    "lifespan_summary",
    "session_conversion",
    "cohort_value",
    "source_accounting",
)
#: What befalls whole runs of the command, which take six times as long as stages in this process.
OF_COMMANDS = ("killed while somebody reads", "the disk is full", "two runs at once")
#: What clocks show that were set wrong: those of the run, and those of files.
CLOCKS = (dt.datetime(1999, 12, 31, 23), dt.datetime(2035, 1, 1))  # noqa: DTZ001


@dataclass(frozen=True)
class Night:
    """What befell a night, what the run said where it published nothing, and what is wrong."""

    number: int
    name: str
    said: str = ""
    wrong: list[str] = field(default_factory=list)


class Soak:
    """A shop in a folder, followed for so many nights.

    Its runs are stages in this process, where they are not whole ones: those that are killed, meet
    a full disk or each other are the command. With `whole`, all are.
    """

    def __init__(self, folder: Path, nights: int, seed: int = 0, whole: bool = False) -> None:
        self.nights = nights
        self.whole = whole
        self.rng = random.Random(seed)
        self.line = Line(folder)
        self.home = dagster_home(folder / "dagster")
        self.plan = Plan(
            seed=seed,
            shops=8 + nights // 10,
            first_day=FIRST_DAY,
            days=BEFORE + nights,
            clock_changes=(dt.datetime(2024, 3, 31, 1),),  # noqa: DTZ001
            settings=SMALL
            | {
                "business_time_zone": "Europe/London",
                "churn_after_days": 14,
                "left_truncation_days": 20,
            },
            studies=STUDIES,
        )
        self.has_devices = True
        #: Rows by file, those to come and those that have come.
        self.to_come = self._cut(draw(self.plan))
        self.files: dict[str, list[Row]] = {}
        self.taken_away: set[str] = set()
        self.faults: dict[str, Callable[[dt.date], str]] = {
            "a file is late": self._late,
            "rows of before come again": self._again,
            "a file is written over": self._written_over,
            "a file is taken away": self._taken_away,
            "a column more": self._column_more,
            "a column by another name": self._column_renamed,
            "the clock is wrong": self._clock,
            "killed while somebody reads": self._killed,
            "the disk is full": self._full_disk,
            "two runs at once": self._two_runs,
            "another setting": self._setting,
            "another mapping": self._mapping,
        }

    def follow(self) -> Iterator[Night]:
        """Each night and what became of it.

        Each thing that may befall one comes in turn, that of commands every other turn.
        """
        deck: list[str] = []
        turns = 0
        for number in range(self.nights):
            today = FIRST_DAY + dt.timedelta(days=BEFORE + number)
            if not deck:
                names = [n for n in self.faults if n not in OF_COMMANDS or turns % 2 == 0]
                deck, turns = self.rng.sample(names, len(names)), turns + 1
            name = deck.pop() if number else "the first night"
            coming = [file for file in self.to_come if self._date(file) <= today]
            new = [file for file in coming if self._date(file) == today]
            if name == "a file is late" and new:  # in the last nights some bring nothing
                coming.remove(self.rng.choice(new))
            for file in coming:
                self._put(file, self.to_come.pop(file))
            fault = self.faults.get(name, self._nothing)
            try:
                said, wrong = fault(today), self._recounted()
            except AssertionError as error:
                said, wrong = "", [str(error)]
            yield Night(number + 1, name, said, wrong)

    # --- what befalls a night; each returns what was said, if nothing was published at first

    def _nothing(self, today: dt.date) -> str:
        self._succeed()
        return ""

    _late = _nothing

    def _again(self, today: dt.date) -> str:
        """Tonight's file of each export brings some rows of earlier files once more."""
        for export in EXPORTS:
            before = [row for file, rows in self._of(export) for row in rows]
            name = self._name(export, today)
            rows = self.files.get(name, [])
            self._put(name, rows + self.rng.sample(before, min(9, len(before))))
        return self._nothing(today)

    def _written_over(self, today: dt.date) -> str:
        """A file of before now lacks a row and has other money in the others."""
        name, rows = self.rng.choice([(f, r) for f, r in self._of("orders") if self._is_there(f)])
        dearer = [row | {"amount": row["amount"] + (row["amount"] > 0)} for row in rows]
        named = {row["order_id"] for _, r in self._of("refunds") for row in r}
        lost = next((row for row in dearer if row["order_id"] not in named), None)
        self._put(name, [row for row in dearer if row is not lost or len(dearer) == 1])
        return self._nothing(today)

    def _taken_away(self, today: dt.date) -> str:
        """A file that was loaded is put away: its rows stay."""
        name, _ = self.rng.choice([(f, r) for f, r in self._of("events") if self._is_there(f)])
        self.taken_away.add(name)
        (self.line.folder / name).unlink()
        return self._nothing(today)

    def _column_more(self, today: dt.date) -> str:
        name, rows = self._newest("sessions")
        self._put(name, rows, more="weather")
        return self._nothing(today)

    def _column_renamed(self, today: dt.date) -> str:
        name, rows = self._newest("orders")
        self._put(name, rows, renamed={"amount": "betrag"})
        said = self._fail()
        assert "amount" in said, said
        assert name in said, said
        self._put(name, rows)
        self._succeed()
        return said

    def _clock(self, today: dt.date) -> str:
        for name in self.files.keys() - self.taken_away:
            moment = self.rng.choice(CLOCKS).replace(tzinfo=dt.UTC).timestamp()
            os.utime(self.line.folder / name, (moment, moment))
        self.line.clock = self.rng.choice(CLOCKS)
        self._nothing(today)
        self.line.clock = None
        return ""

    def _killed(self, today: dt.date) -> str:
        before = self._marts()
        seen: list[Seen] = []
        with reader(self.line.warehouse.marts_file, seen):
            command = self._command()
            code = command.kill(0, self.rng.uniform(1, 20))
            assert code in (-9, GREEN), command.output
            left = self._marts()
            self._succeed()
        after = self._marts()
        (found,) = seen
        assert found.errors == []
        assert left in (before, after)
        assert all(_of_recounted(state) in (before, left, after) for state in found.states)
        return ""

    def _full_disk(self, today: dt.date) -> str:
        """No file can grow beyond what the largest one has, or to half of it."""
        size = self.line.warehouse.build_file.stat().st_size
        before = self._marts()
        command = self._command(largest_file=self.rng.choice((size // 2, size, size + (1 << 18))))
        code = command.wait()
        said = "" if code == GREEN else command.output
        assert code in (GREEN, USER_ERROR), said
        if said:
            assert "disk" in said, said
            assert self._marts() == before
        self._succeed()
        return said

    def _two_runs(self, today: dt.date) -> str:
        first = self._command()
        while not first.said and first.is_running:
            time.sleep(0.01)
        second = self._command()
        codes = {first.wait(), second.wait()}
        said = first.output + second.output
        assert codes in ({GREEN}, {GREEN, USER_ERROR}), said
        return "" if codes == {GREEN} else second.output

    def _setting(self, today: dt.date) -> str:
        now = self.plan.settings["churn_after_days"]
        days = self.rng.choice([n for n in (7, 14, 21) if n != now])
        self.plan = replace(self.plan, settings=self.plan.settings | {"churn_after_days": days})
        return self._nothing(today)

    def _mapping(self, today: dt.date) -> str:
        """Events lose their devices, or get them back; what cannot be read again stops the run."""
        self.has_devices = not self.has_devices
        said = ""
        if self.taken_away:
            said = self._fail()
            assert "mapping" in said, said
            assert any(name in said for name in self.taken_away), said
            for name in sorted(self.taken_away):
                self.taken_away.remove(name)
                self._put(name, self.files[name])
        self._succeed()
        return said

    # --- files

    def _cut(self, drawn: Exports) -> dict[str, list[Row]]:
        """Rows by the file that brings them: that of the night after their day, or a later one."""
        cut: dict[str, list[Row]] = {}
        last = self.nights - 1
        for export in EXPORTS:
            for row in drawn.rows[export]:
                at = row[WHEN[export]]
                number = (at.date() - FIRST_DAY).days + 1 - BEFORE if at else -1
                if export == "customers":  # profiles become known sooner or later
                    number = self.rng.choice((number, self.rng.randrange(self.nights)))
                while self.rng.random() < 0.1:
                    number += 1
                if number <= last:
                    night = FIRST_DAY + dt.timedelta(days=BEFORE + max(number, 0))
                    cut.setdefault(self._name(export, night), []).append(row)
        return cut

    def _name(self, export: str, night: dt.date) -> str:
        return f"{export}_{night}.csv"

    def _date(self, file: str) -> dt.date:
        return dt.date.fromisoformat(file[-14:-4])

    def _of(self, export: str) -> list[tuple[str, list[Row]]]:
        """The files of an export that have come, oldest first."""
        return [(name, rows) for name, rows in sorted(self.files.items()) if export in name]

    def _newest(self, export: str) -> tuple[str, list[Row]]:
        return [(name, rows) for name, rows in self._of(export) if self._is_there(name)][-1]

    def _is_there(self, file: str) -> bool:
        return file not in self.taken_away

    def _put(
        self, name: str, rows: list[Row], more: str = "", renamed: dict[str, str] | None = None
    ) -> None:
        """Write a file, with a column `more` or some renamed."""
        self.files[name] = rows
        columns = COLUMNS[name.split("_")[0]]
        text = StringIO(newline="")
        called = [(renamed or {}).get(column, column) for column in columns]
        table = csv.writer(text, lineterminator="\n")
        table.writerow([*called, *([more] if more else ())])
        for row in rows:
            values = [_written(row.get(column)) for column in columns]
            table.writerow([*values, *(["fair"] if more else ())])
        (self.line.folder / name).write_text(text.getvalue(), encoding="utf-8")

    def _config(self) -> dict[str, Any]:
        exports: dict[str, Any] = {
            export: {
                "files": f"{export}_*.csv",
                # of so small a shop no file comes of some days, and nothing is missing
                "missing_days": [],
                "columns": {
                    column: column
                    for column in COLUMNS[export]
                    if self.has_devices or (export, column) != ("events", "anonymous_id")
                },
            }
            for export in EXPORTS
        }
        exports["orders"]["status_map"] = STATUSES
        exports["refunds"]["status_map"] = REFUND_STATUSES
        return {"settings": self.plan.settings, "exports": exports, "studies": self.plan.studies}

    # --- runs

    def _run(self) -> str | None:
        """Run; what was said where it was not green."""
        self.line.deliver(self._config(), {})
        if self.whole:
            command = self._command()
            return None if command.wait() == GREEN else command.output
        try:
            self.line.run(tested=False, marts=RECOUNTED)
        except ExportError as error:
            return str(error)
        self.line.publish()
        return None

    def _command(self, largest_file: int | None = None) -> Command:
        self.line.deliver(self._config(), {})
        exports, warehouse = self.line.folder / "exports.yml", self.line.warehouse.folder
        return Command(exports, warehouse, self.home, largest_file)

    def _succeed(self) -> None:
        said = self._run()
        assert said is None, said

    def _fail(self) -> str:
        """Run where nothing may be published; what was said."""
        before = self._marts()
        said = self._run()
        assert said is not None, "it was green"
        assert self._marts() == before, "something was published"
        return said

    def _marts(self) -> Digest:
        return _of_recounted(digest(self.line.warehouse.marts_file))

    # --- the recount

    def _recounted(self) -> list[str]:
        """Where the published marts differ from a count of the rows that have come."""
        exports = Exports()
        for name, rows in sorted(self.files.items(), key=lambda file: self._date(file[0])):
            exports.rows[name.split("_")[0]] += rows
        delivered = {export: len(exports.rows[export]) for export in EXPORTS}
        for export, key in (("refunds", "refund_id"), ("sessions", "session_id")):
            exports.rows[export] = _last(exports.rows[export], key)
        exports.rows["customers"] = _last(exports.rows["customers"], "customer_id")
        exports.rows["events"] = _last(exports.rows["events"], "event_id")
        if not self.has_devices:
            exports.rows["events"] = [r | {"anonymous_id": None} for r in exports.rows["events"]]
        facts = read(exports, self.plan)
        studies = SHIPPED + [Study.of(row) for row in self.plan.studies]
        cells = list(cohort_retention(facts, studies))
        survival = list(lifespan_survival(facts))
        shop = Shop(self.line.warehouse)
        counted = dict(
            shop.query(
                "select export, rows_in_files from source_accounting where rows_in_files > 0"
            )
        )
        wrong = [
            f"source_accounting: {export} has {counted.get(export)} rows, delivered {rows}"
            for export, rows in delivered.items()
            if counted.get(export, 0) != rows
        ]
        bought = sum(sale.net for sale in facts.orders)
        ((revenue,),) = shop.query("select sum(revenue) from cohort_value")
        if revenue != bought:
            wrong.append(f"cohort_value: revenue is {revenue}, counted {bought}")
        marts: list[tuple[str, Iterable[Any], int]] = [
            ("cohort_retention", cells, 7),
            ("retention_curve", retention_curve(cells), 6),
            ("lifecycle", lifecycle(facts), 5),
            ("active_customers", active_customers(facts), 4),
            ("stickiness", stickiness(facts), 5),
            ("monthly_churn", monthly_churn(facts), 2),
            ("churn_bridge", churn_bridge(facts), 3),
            ("repeat_purchase", repeat_purchase(facts), 1),
            ("lifespan_survival", survival, 3),
            ("lifespan_summary", lifespan_summary(facts, survival), 2),
        ]
        for mart, rows, key in marts:
            wrong += differences(shop, mart, rows, key)
        visits = session_conversion(facts)
        return wrong + differences(shop, "session_conversion", visits, 1, "segment_name = 'all'")


def _of_recounted(marts: Digest) -> Digest:
    return {name: marts[name] for name in RECOUNTED}


def _written(value: Any) -> str:
    # half of 24.69 is three places behind a point, which can be read in two ways
    return "" if value is None else f"{value:.4f}" if isinstance(value, Decimal) else str(value)


def _last(rows: list[Row], key: str) -> list[Row]:
    """Of rows with the same id, the one that came last; of those without, all."""
    newest = {row[key] or number: row for number, row in enumerate(rows)}
    return list(newest.values())
