"""Small shops delivered in pieces, and the proof that the pieces come to what the whole comes to.

A shop is drawn from a seed: deliveries of orders, sessions, events and customers with everything
that real ones do. Rows come late, twice and corrected, money is paid back, visitors log in later
and customers are merged, and one file is changed where it lies. What of it comes first is drawn
too.
"""

import csv
import datetime as dt
import io
import random
from dataclasses import dataclass
from typing import Any

from dagster_project.warehouse.compare import DAYS, compare

from .line import Files, Line

CUSTOMERS = 60
DELIVERIES = [dt.date(2024, month, 1) for month in range(2, 8)]
FIRST_DAY = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - what the files say carries no zone
MONTH_OF_ROWS = 181 / len(DELIVERIES)
KINDS = ("orders", "lines", "identical lines", "sessions late")

Row = dict[str, Any]

COLUMNS: dict[str, dict[str, str]] = {
    "orders": {
        "order_id": "no",
        "line_id": "line",
        "customer_id": "who",
        "anonymous_id": "device",
        "ordered_at": "at",
        "status": "state",
        "currency": "cur",
        "amount": "total",
        "discount_amount": "off",
        "updated_at": "changed",
    },
    "sessions": {
        "session_id": "sid",
        "customer_id": "who",
        "anonymous_id": "device",
        "started_at": "start",
        "ended_at": "end",
    },
    "events": {
        "event_id": "id",
        "session_id": "sid",
        "customer_id": "who",
        "anonymous_id": "device",
        "event_name": "what",
        "occurred_at": "at",
    },
    "customers": {
        "customer_id": "who",
        "merged_into": "into",
        "email": "mail",
        "signed_up_at": "since",
        "country": "land",
        "acquisition_source": "origin",
        "is_test": "test",
        "updated_at": "changed",
    },
}


@dataclass(frozen=True)
class Deliveries:
    """A shop's files as they come: a configuration and new or changed files, step by step."""

    kind: str
    steps: list[tuple[dict[str, Any], Files]]

    @property
    def config(self) -> dict[str, Any]:
        """The configuration at the end."""
        return self.steps[-1][0]

    @property
    def files(self) -> Files:
        """The files at the end."""
        return {name: text for _, files in self.steps for name, text in files.items()}


def draw(seed: int, steps: int) -> Deliveries:
    """The shop of this seed, in this many steps."""
    rng = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    devices = _devices(rng)
    rows = {
        "orders": _orders(rng, devices, kind),
        "sessions": _sessions(rng, devices),
        "events": _events(rng, devices),
        "customers": _customers(rng),
    }
    files = {
        f"{export}_{day:%Y-%m-%d}.csv": _csv(rng, COLUMNS[export], delivered[day])
        for export, delivered in rows.items()
        for day in DELIVERIES
    }
    return Deliveries(kind, _cut(rng, kind, files, _config(kind), steps))


def _devices(rng: random.Random) -> list[list[str]]:
    """One or two devices each; some are somebody else's too."""
    own = [[f"d{i}", f"e{i}"][: rng.choice((1, 1, 2))] for i in range(CUSTOMERS)]
    for _ in range(CUSTOMERS // 6):
        owner, guest = rng.sample(range(CUSTOMERS), 2)
        own[guest].append(own[owner][0])
    return own


def _config(kind: str) -> dict[str, Any]:
    exports: dict[str, dict[str, Any]] = {
        export: {"files": f"{export}_*.csv", "columns": dict(columns)}
        for export, columns in COLUMNS.items()
    }
    orders = exports["orders"]
    orders["grain"] = "line" if "lines" in kind else "order"
    orders["status_map"] = {"paid": "counted", "void": "cancelled", "waiting": "pending"}
    if "lines" in kind:  # a line's discount is drawn for each order, and taken off each line
        orders["amount_is_per"] = {"discount_amount": "line"}
    if kind != "lines":
        del orders["columns"]["line_id"]
    settings = {
        "business_time_zone": "Europe/London",
        "base_currency": "GBP",
        "churn_after_days": 30,
        "segments": ["country"],
        # an increment of so small a shop may be broken in any share and silent for any time
        "max_rejected_share": 1.0,
        "max_quarantined_share": 1.0,
        "max_unknown_customers_share": 1.0,
        "volume_min_rows": 1_000_000,
    }
    if kind != "identical lines":  # there the last day of what has come so far decides
        settings["as_of_date"] = "2024-06-30"
    return {"settings": settings, "exports": exports}


class _Delivered(dict[dt.date, list[Row]]):
    """Rows by the delivery that brings them."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__({day: [] for day in DELIVERIES})
        self.rng = rng

    def add(self, row: Row, at: dt.datetime, late: float = 0.15) -> dt.date:
        """Deliver a row with its month, or late; sometimes twice. Return the first of the days."""
        month = min(int((at - FIRST_DAY).days / MONTH_OF_ROWS), len(DELIVERIES) - 1)
        while month < len(DELIVERIES) - 1 and self.rng.random() < late:
            month += 1
        day = DELIVERIES[month]
        self[day].append(row)
        if self.rng.random() < 0.08:
            self[self.rng.choice(DELIVERIES[month:])].append(row)
        return day

    def correct(self, row: Row, since: dt.date) -> None:
        """Deliver another version of a row, with one of the later deliveries or the same."""
        self[self.rng.choice([day for day in DELIVERIES if day >= since])].append(row)


def _moment(rng: random.Random) -> dt.datetime:
    # few distinct hours, so that rows tie
    return FIRST_DAY + dt.timedelta(days=rng.randrange(181), hours=rng.randrange(24))


def _who(rng: random.Random, devices: list[list[str]], known: float) -> tuple[str, str]:
    """A customer and a device as a row names them: either may be missing."""
    number = rng.randrange(CUSTOMERS)
    customer = f"C{number:02}" if rng.random() < known else ""
    device = rng.choice(devices[number]) if rng.random() < 0.7 else ""
    return customer, device


def _orders(rng: random.Random, devices: list[list[str]], kind: str) -> _Delivered:
    delivered = _Delivered(rng)
    for number in range(240):
        at = _moment(rng)
        customer, device = _who(rng, devices, known=0.8)
        row = {
            "no": f"O{number}",
            "line": "1",
            "who": customer,
            "device": device,
            "at": at,
            "state": rng.choice(("paid",) * 14 + ("void", "waiting", "refunded", "lost")),
            "cur": rng.choice(("GBP",) * 6 + ("EUR", "USD", "XXX")),
            "total": f"{rng.randrange(1, 20_000) / 100:.2f}",
            "off": rng.choice(("", "", f"{rng.randrange(500) / 100:.2f}")),
            "changed": rng.choice((at, "")),
        }
        lines = [row]
        if "lines" in kind:
            lines += [
                row | {"line": str(n), "total": f"{rng.randrange(-2000, 9000) / 100:.2f}"}
                for n in range(2, 2 + rng.randrange(3))
            ]
            lines += [dict(rng.choice(lines))] if rng.random() < 0.2 else []
        for line in lines:
            if rng.random() < 0.03:
                line |= rng.choice(({"at": "soon"}, {"total": "12,50"}, {"at": "2031-01-01"}))
            day = delivered.add(line, at)
            while rng.random() < 0.2:
                delivered.correct(_corrected(rng, line, at), day)
        if customer and rng.random() < 0.15:  # a credit note
            later = at + dt.timedelta(days=rng.randrange(60))
            back = {"no": f"R{number}", "at": later, "total": f"-{row['total']}"}
            delivered.add(row | back | {"off": "", "state": "paid", "line": "1"}, later)
    return delivered


def _corrected(rng: random.Random, row: Row, at: dt.datetime) -> Row:
    """A version that is newer by its time, by its delivery alone, or older than what it meets."""
    other = rng.choice(
        (
            {"total": f"{rng.randrange(1, 20_000) / 100:.2f}"},
            {"state": rng.choice(("paid", "void", "refunded"))},
            {"who": f"C{rng.randrange(CUSTOMERS):02}"},
            {"at": at + dt.timedelta(days=rng.randrange(-3, 3), hours=1)},
            {"cur": rng.choice(("GBP", "EUR", "XXX"))},
        )
    )
    changed = rng.choice((row["changed"], "", at + dt.timedelta(days=rng.randrange(-9, 40))))
    return row | other | {"changed": changed}


def _sessions(rng: random.Random, devices: list[list[str]]) -> _Delivered:
    delivered = _Delivered(rng)
    for number in range(300):
        at = _moment(rng)
        customer, device = _who(rng, devices, known=0.35)
        row = {
            "sid": f"S{number}" if rng.random() < 0.9 else "",
            "who": customer,
            "device": device,
            "start": at,
            "end": at + dt.timedelta(minutes=rng.randrange(-1, 40)),
        }
        day = delivered.add(row, at)
        if rng.random() < 0.1:  # whose visit it was is known only later
            delivered.correct(row | {"who": f"C{rng.randrange(CUSTOMERS):02}"}, day)
    return delivered


def _events(rng: random.Random, devices: list[list[str]]) -> _Delivered:
    delivered = _Delivered(rng)
    for number in range(300):
        at = _moment(rng)
        customer, device = _who(rng, devices, known=0.3)
        row = {
            "id": f"E{number}" if rng.random() < 0.8 else "",
            "sid": f"S{rng.randrange(300)}" if rng.random() < 0.5 else "",
            "who": customer,
            "device": device,
            "what": rng.choice(("viewed", "favourited", "session", "signed_up")),
            "at": at,
        }
        day = delivered.add(row, at)
        if rng.random() < 0.05:
            delivered.correct(row | {"what": "viewed"}, day)
    return delivered


def _customers(rng: random.Random) -> _Delivered:
    delivered = _Delivered(rng)
    for number in range(CUSTOMERS):
        if rng.random() < 0.05:  # never heard of
            continue
        at = _moment(rng)
        row = {
            "who": f"C{number:02}",
            "into": "",
            "mail": f"c{number}@shop.example",
            "since": at,
            "land": rng.choice(("GB", "DE", "")),
            "origin": rng.choice(("organic", "ads")),
            "test": str(rng.random() < 0.05).lower(),
            "changed": at,
        }
        day = delivered.add(row, at)
        while rng.random() < 0.4:
            other = rng.choice(
                (
                    {"into": f"C{rng.randrange(max(number, 1)):02}"},
                    {"into": ""},
                    {"land": "FR"},
                    {"test": str(rng.random() < 0.3).lower()},
                    {"since": _moment(rng)},
                )
            )
            at += dt.timedelta(days=rng.randrange(-1, 20))
            row = row | other | {"changed": rng.choice((at, at, ""))}
            delivered.correct(row, day)
    return delivered


def _csv(rng: random.Random, columns: dict[str, str], rows: list[Row]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns.values()), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rng.sample(rows, len(rows)))
    return text.getvalue()


def _cut(
    rng: random.Random, kind: str, files: Files, config: dict[str, Any], steps: int
) -> list[tuple[dict[str, Any], Files]]:
    """The files in random order in so many steps; one of them comes first in another version."""
    without_sessions = {
        **config,
        "exports": {k: v for k, v in config["exports"].items() if k != "sessions"},
    }
    starts_late = kind == "sessions late"
    first = without_sessions if starts_late else config
    step_of = {name: rng.randrange(steps) for name in files}
    for export in config["exports"]:
        names = [name for name in files if name.startswith(export)]
        if starts_late and export == "sessions":
            step_of |= {name: max(step_of[name], 1) for name in names}
            step_of[rng.choice(names)] = 1
        else:
            step_of[rng.choice(names)] = 0
    cut = [{n: files[n] for n in files if step_of[n] == step} for step in range(steps)]
    changes = rng.choice([name for name in files if step_of[name] < steps - 1])
    cut[step_of[changes]][changes] = _other_version(rng, files[changes])
    cut[rng.randrange(step_of[changes] + 1, steps)][changes] = files[changes]
    return [(first if step == 0 else config, new) for step, new in enumerate(cut)]


def _other_version(rng: random.Random, text: str) -> str:
    """The file before it was changed: rows it lost since, some it got since, other money."""
    header, *lines = text.splitlines()
    kept = [line for line in lines if rng.random() < 0.7]
    doubled = [line.replace("2024-0", "2023-0", 1) for line in kept if rng.random() < 0.2]
    repriced = [line.replace(".5", ".6") for line in kept]
    return "\n".join([header, *repriced, *doubled]) + "\n"


def differences(
    line: Line, shop: Deliveries, whole: bool = False, renumbered: bool = False
) -> list[str]:
    """Where the shop, delivered step by step, differs from all of it at once: empty if nowhere.

    With `whole`, what is compared comes from the job itself; `renumbered`, customers get other
    keys after the first step than kept tables know them by.
    """
    line.clear()
    line.start_anew()
    for step, (config, files) in enumerate(shop.steps, start=1):
        line.deliver(config, files)
        is_last = step == len(shop.steps)
        line.run(whole and is_last, tested=is_last)
        if renumbered and step == 1:
            with line.warehouse.connect() as con:
                con.execute(
                    "update core.customer_keys set customer_key ="
                    " (select max(customer_key) + 1 from core.customer_keys) - customer_key"
                )
    line.publish()
    by_steps = line.warehouse.build_file.replace(line.folder / "steps_build.duckdb")
    line.start_anew()
    line.run(whole, tested=False)  # its tables are compared with some that are
    line.publish()
    compared = compare(by_steps, line.warehouse.build_file)
    assert any(found.table == DAYS and found.rows[0] for found in compared)
    return [str(found) for found in compared if not found.is_equal]
