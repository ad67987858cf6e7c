"""A made-up shop night after night, and nights that went wrong, through the loader and the gates.

What decides a night is seeded by its date: the same night is the same whatever came before it. It
stops at the gate on staging, which is the last to look at what was delivered.
"""

import csv
import datetime as dt
import math
import os
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import yaml

from dagster_project.exports.config.load import load_config
from dagster_project.exports.contract import load_contract
from dagster_project.exports.loading.base_currency import base_currency
from dagster_project.exports.loading.loader import Run, load_export, prepare
from dagster_project.quality import rules
from dagster_project.quality.nights import findings
from dagster_project.quality.nights.findings import note_findings, remember
from dagster_project.quality.rules import note_columns
from dagster_project.warehouse.staged import Models, defaults

Row = dict[str, Any]
Tables = dict[str, list[Row]]
FIRST = dt.date(2024, 2, 1)
EXPORTS = ("orders", "refunds", "sessions", "customers")
COLUMNS: dict[str, dict[str, str]] = {
    "orders": {
        "order_id": "no", "customer_id": "who", "ordered_at": "at", "amount": "total",
        "status": "state", "currency": "cur", "source": "src", "country": "land",
    },
    "refunds": {
        "refund_id": "no", "order_id": "order", "refunded_at": "at", "amount": "total",
        "currency": "cur",
    },
    "sessions": {
        "session_id": "no", "customer_id": "who", "anonymous_id": "device", "started_at": "at",
        "source": "src",
    },
    "customers": {"customer_id": "who", "country": "land", "signed_up_at": "at"},
}  # fmt: skip
_HOURS = [1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 13, 14, 12, 11, 11, 12, 14, 18, 20, 18, 12, 6, 3]
_WEEK = [1.0, 0.95, 1.0, 1.05, 1.2, 1.4, 0.8]
_SOURCES = {"google": 0.4, "direct": 0.3, "mail": 0.2, "social": 0.1}
_STATES = {"paid": 0.9, "void": 0.06, "open": 0.04}


@dataclass
class Shop:
    """A shop of so many orders a night, in a folder of its own."""

    folder: Path
    size: int
    full: bool = False  # one file of all days, written over every night
    seed: int = 0
    accept: list[dict[str, Any]] = field(default_factory=list)
    sent: dict[str, list[Row]] = field(default_factory=dict)

    def night(
        self,
        date: dt.date,
        times: float = 1.0,
        new: float = 0.5,
        price: float = 1.0,
        **source: float,
    ) -> Tables:
        """What happened on a day: `times` the usual at `price` times the usual, and so many new."""
        rng = random.Random(f"{self.seed} {self.size} {date}")
        number = (date - FIRST).days + 400
        usual = self.size * _WEEK[date.weekday()] * times
        count = max(0, round(rng.gauss(usual, math.sqrt(usual)))) if usual else 0
        tables: Tables = {name: [] for name in EXPORTS}
        sources = {name: p * (1 - sum(source.values())) for name, p in _SOURCES.items()} | source
        newcomers = 0
        for i in range(count):
            is_new = rng.random() < new
            if is_new:
                who, newcomers = f"C{number:04}{newcomers:04}", newcomers + 1
            elif rng.random() < 0.7 or date <= FIRST:
                who = f"C0000{rng.randrange(self.size * 8):04}"
            else:
                who = f"C{rng.randrange(400, number):04}{rng.randrange(self.size // 4):04}"
            at = self._moment(rng, date)
            order = {
                "no": f"O{number:04}{i:05}",
                "who": "" if rng.random() < 0.03 else who,
                "at": at,
                "total": f"{rng.lognormvariate(3.6, 0.6) * price:.2f}",
                "state": _drawn(rng, _STATES),
                "cur": "EUR" if rng.random() < 0.85 else "GBP",
                "src": _drawn(rng, sources),
                "land": _drawn(rng, {"DE": 0.6, "AT": 0.2, "GB": 0.2}),
            }
            tables["orders"].append(order)
            if is_new:
                tables["customers"].append({"who": who, "land": order["land"], "at": at})
            if order["state"] == "paid" and rng.random() < 0.06:
                tables["refunds"].append(
                    {"no": f"R{number:04}{i:05}", "order": order["no"], "at": at,
                     "total": order["total"], "cur": order["cur"]}
                )  # fmt: skip
        for i in range(round(count * 2.5)):
            tables["sessions"].append(
                {"no": f"S{number:04}{i:05}",
                 "who": f"C{number:04}{i % 97:04}" if rng.random() < 0.4 else "",
                 "device": f"{rng.getrandbits(96):024x}", "at": self._moment(rng, date),
                 "src": _drawn(rng, sources)}
            )  # fmt: skip
        for name in ("orders", "refunds", "sessions"):
            tables[name].sort(key=lambda row: row["at"])
        return tables

    def _moment(self, rng: random.Random, date: dt.date) -> str:
        hour = rng.choices(range(24), _HOURS)[0]
        return f"{date} {hour:02}:{rng.randrange(60):02}:{rng.randrange(60):02}"

    def deliver(self, date: dt.date, tables: Tables) -> None:
        """Write the files of a night, the morning after; customers always whole."""
        if not self.sent:
            self.sent["customers"] = [
                {"who": f"C0000{i:04}", "land": "DE", "at": f"{FIRST} 00:00:00"}
                for i in range(self.size * 8)
            ]
        for name in EXPORTS:
            self.sent.setdefault(name, []).extend(tables[name])
            if name == "customers" or self.full:
                self.write(f"{name}.csv", name, self.sent[name], date)
            else:
                self.write(f"{name}_{date}.csv", name, tables[name], date)

    def write(self, file: str, name: str, rows: list[Row], date: dt.date) -> None:
        """Write a file as of the morning after a day."""
        text = StringIO()
        fields = list(COLUMNS[name].values())
        writer = csv.DictWriter(text, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        path = self.folder / file
        path.write_text(text.getvalue(), encoding="utf-8")
        morning = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(3), dt.UTC).timestamp()
        os.utime(path, (morning, morning))

    def judged(self) -> list[tuple[str, str, str]]:
        """Load what is there and ask the gates' rules: severity, export and what did not pass.

        What is not red counts as published. `retention run` has Great Expectations ask the same.
        """
        contract = load_contract()
        config = load_config(self.configured())
        build = self.folder / "build.duckdb"
        run = Run(f"run {len(self.sent)}", dt.datetime(2024, 1, 1))  # noqa: DTZ001
        variables = defaults() | config.dbt_vars()
        with duckdb.connect(str(build)) as con:
            con.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
            prepare(con, config)
            for name in contract.tables:
                load_export(con, config, name, run)
            variables["base_currency"] = variables["base_currency"] or base_currency(con, config)
            models = Models(con, variables)
            for name in config.exports:
                models.build(contract.tables[name].staged)
            models.build("stg_orders")
            models.build("stg_customers")
            note_columns(con, run.run_id)
            note_findings(con, config, contract, variables)
            told = list(_told(con, config.exports))
            if not any(severity == "critical" for severity, *_ in told):
                remember(con)
        return sorted(told)

    def configured(self) -> Path:
        """Write and return its `exports.yml`."""
        file = self.folder / "exports.yml"
        file.write_text(yaml.safe_dump(self._config()), encoding="utf-8")
        return file

    def _config(self) -> dict[str, Any]:
        exports: dict[str, Any] = {
            name: {
                "files": f"{name}*.csv",
                "columns": COLUMNS[name],
            }
            for name in EXPORTS
        }
        exports["orders"]["status_map"] = {
            "paid": "counted",
            "void": "cancelled",
            "open": "pending",
        }
        if self.accept:
            exports["orders"]["accept"] = self.accept
        return {"settings": {"base_currency": "EUR"}, "exports": exports}


def _told(con: duckdb.DuckDBPyConnection, exports: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    for name in exports:
        staged = f"staging.{load_contract().tables[name].staged}"
        for severity, rule, table in (
            ("critical", findings.rule(name, "critical"), "ledger.night_findings"),
            ("warning", findings.rule(name, "warning"), "ledger.night_findings"),
            ("critical", rules.rejected(name, 0.01), "ledger.files"),
            ("critical", rules.quarantined(0.02), staged),
        ):
            for row in con.execute(rule.replace("{batch}", table)).fetchall():
                yield severity, name, "|".join(map(str, row))


def _drawn(rng: random.Random, shares: dict[str, float]) -> str:
    return rng.choices(list(shares), list(shares.values()))[0]


def day(number: int) -> dt.date:
    """The date of a night, counted from 0."""
    return FIRST + dt.timedelta(days=number)


Spoil = Callable[[Shop, dt.date, Tables], None]


def _each(name: str, column: str, new: Callable[[Row, int], Any], share: float = 1.0) -> Spoil:
    """Change a column of so many of an export's rows."""

    def spoil(_: Shop, __: dt.date, tables: Tables) -> None:
        rows = tables[name]
        for i in range(0, round(len(rows) * share)):
            rows[i][column] = new(rows[i], i)

    return spoil


def _kept(name: str, kept: Callable[[int, int], bool]) -> Spoil:
    def spoil(_: Shop, __: dt.date, tables: Tables) -> None:
        tables[name] = [row for i, row in enumerate(tables[name]) if kept(i, len(tables[name]))]

    return spoil


def _times(name: str, change: Callable[[dt.datetime], str]) -> Spoil:
    return _each(name, "at", lambda row, _: change(dt.datetime.fromisoformat(row["at"])))


def _copied(name: str, of: int, dates: bool) -> Spoil:
    """The rows of an earlier night (or of the same) under new ids."""

    def spoil(shop: Shop, date: dt.date, tables: Tables) -> None:
        source = date - dt.timedelta(days=of)
        rows = [dict(row) for row in shop.night(source)[name]] if of else tables[name]
        copies = [dict(row, no=f"{row['no'][0]}9{i:08}") for i, row in enumerate(rows)]
        for row in copies if dates else ():
            row["at"] = f"{date} {row['at'][11:]}"
        tables[name] = copies if of else tables[name] + copies

    return spoil


def _money(factor: float, share: float = 1.0, name: str = "orders") -> Spoil:
    return _each(name, "total", lambda row, _: f"{float(row['total']) * factor:.2f}", share)


def _resent(shop: Shop, date: dt.date, tables: Tables) -> None:
    tables["orders"] = shop.night(date - dt.timedelta(days=1))["orders"]


def _less_of_yesterday(shop: Shop, date: dt.date, tables: Tables) -> None:
    before = date - dt.timedelta(days=1)
    rows = shop.night(before)["orders"]
    shop.write(f"orders_{before}.csv", "orders", rows[: len(rows) // 3], before)


def _no_history(shop: Shop, date: dt.date, tables: Tables) -> None:
    shop.sent["orders"] = shop.sent["orders"][-3 * len(tables["orders"]) :]


def _half_history(shop: Shop, date: dt.date, tables: Tables) -> None:
    shop.sent["orders"] = shop.sent["orders"][::2]


def _a_second_file(shop: Shop, date: dt.date, tables: Tables) -> None:
    copies = [dict(row, no=f"{row['no']}b") for row in tables["orders"]]
    shop.write(f"orders_{date}_2.csv", "orders", copies, date)


def _of_old(change: Callable[[Row], Any]) -> Spoil:
    """Change the orders of the shop's first ten days."""

    def spoil(shop: Shop, date: dt.date, tables: Tables) -> None:
        for row in shop.sent["orders"]:
            if row["at"] < str(day(10)):
                change(row)

    return spoil


def _of_all_customers(change: Callable[[Row], Any]) -> Spoil:
    def spoil(shop: Shop, date: dt.date, tables: Tables) -> None:
        for row in shop.sent["customers"]:
            change(row)

    return spoil


def _history_in_cents(shop: Shop, date: dt.date, tables: Tables) -> None:
    for rows in (shop.sent["orders"], tables["orders"]):
        for row in rows:
            row["total"] = f"{float(row['total']) * 100:.0f}"


def _half_customers(shop: Shop, date: dt.date, tables: Tables) -> None:
    shop.sent["customers"] = shop.sent["customers"][::2]


def _one_large(shop: Shop, date: dt.date, tables: Tables) -> None:
    tables["orders"][3]["total"] = "987654.00"


def _one_of_1991(shop: Shop, date: dt.date, tables: Tables) -> None:
    tables["orders"][3]["at"] = "1991-05-05 12:00:00"


def _swapped(moment: dt.datetime) -> str:
    return f"{moment.year}-{moment.day:02}-{moment.month:02} {moment:%H:%M:%S}"


def _shifted(hours: int) -> Callable[[dt.datetime], str]:
    return lambda moment: f"{moment + dt.timedelta(hours=hours):%Y-%m-%d %H:%M:%S}"


def _many_refunds(shop: Shop, date: dt.date, tables: Tables) -> None:
    tables["refunds"] = [
        {"no": f"RX{i}", "order": row["no"], "at": row["at"], "total": row["total"],
         "cur": row["cur"]}
        for i, row in enumerate(tables["orders"])
    ]  # fmt: skip


#: Nights that went wrong: by name, what was done to what was delivered.
NIGHTLY: dict[str, Spoil] = {
    "the morning is missing": _kept("orders", lambda i, n: i > n * 0.4),
    "orders cut at noon": _kept("orders", lambda i, n: i < n * 0.45),
    "every second order": _kept("orders", lambda i, n: i % 2 == 0),
    "three orders": _kept("orders", lambda i, n: i < 3),
    "no orders": _kept("orders", lambda i, n: False),
    "yesterday's overwritten by less": _less_of_yesterday,
    "yesterday's orders again": _resent,
    "yesterday's under new ids": _copied("orders", 1, dates=False),
    "yesterday's under new ids and dates": _copied("orders", 1, dates=True),
    "last week's under new ids": _copied("orders", 7, dates=True),
    "a second file under new ids": _a_second_file,
    "each order twice, new ids": _copied("orders", 0, dates=False),
    "all cancelled": _each("orders", "state", lambda row, i: "void"),
    "most cancelled": _each("orders", "state", lambda row, i: "void", 0.7),
    "all pending": _each("orders", "state", lambda row, i: "open"),
    "status in other words": _each("orders", "state", lambda row, i: "Bezahlt"),
    "all in another currency": _each("orders", "cur", lambda row, i: "USD"),
    "all in the rarer currency": _each("orders", "cur", lambda row, i: "GBP"),
    "currency empty": _each("orders", "cur", lambda row, i: ""),
    "source empty": _each("orders", "src", lambda row, i: ""),
    "one source for all": _each("orders", "src", lambda row, i: "direct"),
    "sources in other words": _each("orders", "src", lambda row, i: row["src"].upper()),
    "sources translated": _each("orders", "src", lambda row, i: row["src"][::-1]),
    "no customers": _each("orders", "who", lambda row, i: ""),
    "most without a customer": _each("orders", "who", lambda row, i: "", 0.7),
    "one customer for all": _each("orders", "who", lambda row, i: "C01230001"),
    "customers without prefix": _each("orders", "who", lambda row, i: row["who"][1:]),
    "customers in small letters": _each("orders", "who", lambda row, i: row["who"].lower()),
    "customers as decimals": _each("orders", "who", lambda row, i: f"{row['who'][1:]}.0"),
    "customers cut short": _each("orders", "who", lambda row, i: row["who"][:5]),
    "customers hashed": _each("orders", "who", lambda row, i: f"{i * 7919 + 7:024x}"),
    "customers numbered anew": _each("orders", "who", lambda row, i: f"C{i + 95000000:08}"),
    "order ids numbered": _each("orders", "no", lambda row, i: f"{i + 1}"),
    "order ids in small letters": _each("orders", "no", lambda row, i: row["no"].lower()),
    "amounts in cents": _money(100),
    "a fifth in cents": _money(100, 0.2),
    "amounts a hundredth": _money(0.01),
    "amounts tenfold": _money(10),
    "amounts doubled": _money(2),
    "amounts zero": _each("orders", "total", lambda row, i: "0"),
    "most amounts zero": _each("orders", "total", lambda row, i: "0", 0.7),
    "amounts all the same": _each("orders", "total", lambda row, i: "42.00"),
    "amounts negative": _money(-1),
    "one amount of a million": _one_large,
    "amounts unreadable": _each("orders", "total", lambda row, i: "n/v"),
    "times 3 hours late": _times("orders", _shifted(3)),
    "times 8 hours early": _times("orders", _shifted(-8)),
    "times 12 hours late": _times("orders", _shifted(12)),
    "all at midnight": _times("orders", lambda moment: f"{moment:%Y-%m-%d} 00:00:00"),
    "day and month swapped": _times("orders", _swapped),
    "a day early": _times("orders", _shifted(-24)),
    "a fortnight early": _times("orders", _shifted(-24 * 14)),
    "a year early": _times("orders", lambda m: f"{m.year - 1}{m:-%m-%d %H:%M:%S}"),
    "a year late": _times("orders", lambda m: f"{m.year + 1}{m:-%m-%d %H:%M:%S}"),
    "a century early": _times("orders", lambda m: f"{m.year - 100}{m:-%m-%d %H:%M:%S}"),
    "one order of 1991": _one_of_1991,
    "everything given back": _many_refunds,
    "refunds in cents": _money(100, name="refunds"),
    "half of the sessions": _kept("sessions", lambda i, n: i % 2 == 0),
    "no sessions": _kept("sessions", lambda i, n: False),
    "sessions without device": _each("sessions", "device", lambda row, i: ""),
    "sessions without customer": _each("sessions", "who", lambda row, i: ""),
    "devices in capitals": _each("sessions", "device", lambda row, i: row["device"].upper()),
    "one device for all": _each("sessions", "device", lambda row, i: "a" * 24),
    "half of the customers": _half_customers,
    "customers' countries empty": _of_all_customers(lambda row: row.update(land="")),
    "customers' own ids in small letters": _of_all_customers(
        lambda row: row.update(who=row["who"].lower())
    ),
}
#: The same of shops whose one file is written over every night.
FULL: dict[str, Spoil] = {
    name: NIGHTLY[name]
    for name in (
        *("every second order", "no orders", "all cancelled", "no customers"),
        *("customers without prefix", "amounts in cents", "each order twice, new ids"),
    )
} | {
    "half of the history": _half_history,
    "only the newest days": _no_history,
    "the whole history in cents": _history_in_cents,
    "old orders doubled": _of_old(lambda row: row.update(total=2 * float(row["total"]))),
    "old orders cancelled": _of_old(lambda row: row.update(state="void")),
    "old sources empty": _of_old(lambda row: row.update(src="")),
    "old customers in small letters": _of_old(lambda row: row.update(who=row["who"].lower())),
}
