"""Messy order exports drawn by hypothesis, and what METRICS.md says becomes of rows and money.

The count here is made from the words (csv, decimal, zoneinfo), not from the SQL: it shares no line
with the loader or the models, so that the two can only agree where both are right.
"""

import csv
import datetime as dt
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from dagster_project.settings import DBT_PROJECT

BASE, ZONE = "GBP", ZoneInfo("Europe/London")
DELIVERIES = [dt.date(2024, month, 1) for month in (2, 3, 4)]
AS_OF = dt.date(2024, 3, 20)
HEADER = ["no", "line", "who", "at", "state", "cur", "total", "note", "changed"]
STATES = {"": "counted", "paid": "counted", "void": "cancelled", "waiting": "pending"}
STATES |= {"refunded": "refunded"}
CENT, UNIT = Decimal("0.01"), Decimal("0.0001")
#: Where the money of used rows goes, in the words of `source_accounting`.
USES = (
    "not_counted",
    "after_as_of",
    "refunded_by_status",
    "without_customer",
    "without_order",
    "in_cohorts",
)
STATUSES = ("rejected", "duplicate", "superseded", "quarantined", "used")

CONFIG: dict[str, Any] = {
    "settings": {
        "business_time_zone": str(ZONE),
        "base_currency": BASE,
        "as_of_date": AS_OF.isoformat(),
    },
    "exports": {
        "orders": {
            "files": "shop*.csv",
            "status_map": {k: v for k, v in STATES.items() if k},
            "columns": {
                "order_id": "no",
                "line_id": "line",
                "customer_id": "who",
                "ordered_at": "at",
                "status": "state",
                "currency": "cur",
                "amount": "total",
                "coupon_code": "note",
                "updated_at": "changed",
            },
        }
    },
}

# --- what is written


def _days(first: int, last: int) -> st.SearchStrategy[dt.datetime]:
    """Moments from so many to so many days into 2024, at hours that make days differ by zone."""
    return st.builds(
        lambda day, minutes: dt.datetime(2024, 1, 1) + dt.timedelta(days=day, minutes=minutes),  # noqa: DTZ001
        st.integers(first, last),
        st.sampled_from((0, 600, 1410, 1439)),
    )


def _spelled(moment: dt.datetime, spelling: int) -> str:
    return moment.strftime(
        ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S+02:00", "%Y-%m-%d")[spelling]
    )


_good_times = st.builds(_spelled, _days(0, 60) | _days(0, 88), st.integers(0, 3))
_broken_times = st.sampled_from(
    ("soon", "", "2024-02-30 10:00:00", "2024-13-01", "0001-01-01", "2999-01-01", "31/12/2023")
)
_wrong_times = st.sampled_from(("1985-05-05 10:00:00", "2031-01-01 10:00:00", "1970-01-01"))
_good_amounts = st.integers(-9000, 20000).map(lambda pence: f"{Decimal(pence) / 100:.2f}")
_odd_amounts = st.sampled_from(
    ("0", "-0.00", "1e2", " 7.5 ", "0.005", "12,50", "", "much", "£5", "NaN", "1,234.50")
)
_notes = st.sampled_from(
    ("", "", "spring", 'said "twice"', "two\nlines", "a,b;c", '"', " padded ", "naïve ☃")
)


def _mostly(usual: st.SearchStrategy[str], *others: st.SearchStrategy[str]) -> Any:
    return st.integers(0, 19).flatmap(lambda n: usual if n < 20 - len(others) else others[19 - n])


_rows = st.fixed_dictionaries(
    {
        "no": st.sampled_from(("", *"1234567")),
        "line": st.sampled_from(("", "", "1", "2")),
        "who": st.sampled_from(("", "A", "B", "C", "D")),
        "at": _mostly(_good_times, _broken_times, _wrong_times),
        "state": st.sampled_from(("paid",) * 9 + ("", "void", "waiting", "refunded", "lost")),
        "cur": st.sampled_from((BASE,) * 8 + ("", "EUR", "EUR", "EUR", "XXX")),
        "total": _mostly(_good_amounts, _odd_amounts),
        "note": _notes,
        "changed": st.sampled_from(("", "", "2024-02-10 10:00:00", "2024-03-10 10:00:00")),
    }
)
#: One row and the deliveries that bring it; a torn one lacks columns, or has one too many.
_told = st.tuples(
    _rows,
    st.lists(st.sampled_from((0, 1, 1, 2, 2, 2)), min_size=1, max_size=3),
    st.sampled_from((0,) * 22 + (-3, 1)),
)
_styles = st.tuples(st.sampled_from(",;\t"), st.sampled_from(("\n", "\r\n")), st.booleans())


@dataclass(frozen=True)
class Shop:
    """One shop's files: name and bytes."""

    files: dict[str, bytes]


@st.composite
def shops(draw: st.DrawFn, number: int, grain: str) -> Shop:
    """A shop whose ids and files begin with its number, so that it shares no row with others."""
    told = draw(st.lists(_told, min_size=8, max_size=16))
    records: dict[int, list[list[str]]] = {0: [], 1: [], 2: []}
    versions: dict[tuple[object, ...], dict[str, str]] = {}
    for row, deliveries, torn in told:
        row = row | {key: f"{number}-{row[key]}" for key in ("no", "who") if row[key]}
        row["note"] = f"{row['note']} of {number}"
        for delivery in deliveries:
            # which of two versions is newer must be said: by their time, or by their delivery
            version = (delivery, row["no"], grain == "line" and row["line"], row["changed"])
            if row["no"] and versions.setdefault(version, row) != row:
                continue
            values = [row[name] for name in HEADER]
            records[delivery].append(values[:torn] if torn < 0 else values + ["more"] * torn)
    files = {}
    for delivery, rows in records.items():
        delimiter, line_end, has_mark = draw(_styles)
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end)
        writer.writerow(HEADER)
        for row in rows:
            writer.writerow(row)
            if len(row[-1]) % 3 == 1:  # a blank line now and then
                text.write(line_end)
        name = f"shop{number:02}_{DELIVERIES[delivery]}.csv"
        files[name] = (b"\xef\xbb\xbf" if has_mark else b"") + text.getvalue().encode()
    return Shop(files)


# --- what is to become of it


@dataclass(frozen=True)
class Row:
    """A row as a careful reader understands it; `money` is in the base currency."""

    file: str
    delivered: dt.date
    place: int
    order: str | None
    line: str | None
    customer: str | None
    at: dt.datetime
    state: str | None
    currency: str | None
    amount: Decimal
    content: tuple[object, ...]
    changed: dt.datetime | None
    status: str = ""
    money: Decimal = Decimal(0)
    fault: bool = False

    @property
    def day(self) -> dt.date:
        """The business day of the order."""
        return business_day(self.at)


class Accounts:
    """Rows and money of a source by what became of them: counted, not queried."""

    def __init__(self, shop: Shop, grain: str) -> None:
        self.rows: Counter[str] = Counter()
        self.money: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._rates = rates()
        read = [row for file, data in shop.files.items() for row in self._read(file, data, grain)]
        told = self._by_order(read) if grain == "line" else [(row, False) for row in read]
        judged = [self._judged(row, contradicts) for row, contradicts in told]
        self._settle(self._newest(judged, grain))

    def _note(self, use: str, money: Decimal) -> None:
        self.rows[use] += 1
        self.money[use] += money

    def _read(self, file: str, data: bytes, grain: str) -> Iterator[Row]:
        """Rows that can be read; the others are noted as rejected, with what money is legible.

        A line that leaves its time blank has that of the first line of its order that tells one.
        """
        text = data.decode("utf-8-sig")
        delimiter = re.sub(r"\w", "", text.splitlines()[0])[0]
        records = [r for r in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if r]
        delivered = dt.date.fromisoformat(file[-14:-4])
        times: dict[str, str] = {}
        for record in records[1:] if grain == "line" else ():
            if len(record) == len(HEADER):
                told = dict(zip(HEADER, (value.strip(" ") for value in record), strict=True))
                if told["no"] and told["at"]:
                    times.setdefault(told["no"], told["at"])
        for place, record in enumerate(records[1:]):
            self.rows["in_files"] += 1
            if len(record) != len(HEADER):
                self._note("rejected", Decimal(0))
                continue
            given = {k: v.strip(" ") or None for k, v in zip(HEADER, record, strict=True)}
            at = moment(given["at"] or times.get(given["no"] or ""))
            changed = moment(given["changed"])
            amount = number(given["total"])
            rate = self._rate(given["cur"], business_day(at) if at else delivered)
            money = ((amount or Decimal(0)) * (rate or 0)).quantize(UNIT, ROUND_HALF_UP)
            if at is None or not 1900 <= at.year < 2200 or amount is None:
                self._note("rejected", money)
                continue
            # its state and when it changed tell versions of a row apart, not rows
            content = (*(given[k] for k in ("no", "line", "who", "cur", "note")), at, amount)
            yield Row(
                file=file,
                delivered=delivered,
                place=place,
                order=given["no"],
                line=given["line"],
                customer=given["who"],
                at=at,
                state=given["state"],
                currency=given["cur"],
                amount=amount,
                content=content,
                changed=changed,
            )

    def _by_order(self, read: list[Row]) -> list[tuple[Row, bool]]:
        """Lines with what belongs to their order, and whether that contradicts itself.

        It is that of the newest delivery, by when its lines were changed and then by its day, each
        the first that its lines tell.
        """
        beginning = dt.datetime.min.replace(tzinfo=dt.UTC)
        orders: defaultdict[object, list[Row]] = defaultdict(list)
        copies: Counter[object] = Counter()
        end = dt.datetime.max.replace(tzinfo=dt.UTC)
        for row in sorted(read, key=lambda row: row.changed or end):
            copies[row.file, row.content] += 1
            orders[row.order or (row.content, copies[row.file, row.content])].append(row)
        found = []
        for rows in orders.values():
            _, newest = max(
                (max(r.changed or beginning for r in rows if r.delivered == day), day)
                for day in {row.delivered for row in rows}
            )
            telling = sorted(
                (row for row in rows if row.delivered == newest), key=lambda row: row.place
            )
            first = {
                name: next((v for row in telling if (v := getattr(row, name)) is not None), None)
                for name in ("customer", "at", "state", "currency")
            }
            contradicts = any(
                len({v for row in telling if (v := getattr(row, name))}) > 1
                for name in ("customer", "currency")
            )
            for row in rows:
                own = first | {"state": row.state or first["state"]}
                found.append((replace(row, **own), contradicts))
        return found

    def _judged(self, row: Row, contradicts: bool) -> Row:
        status = STATES.get(row.state or "")
        rate = self._rate(row.currency, row.day)
        is_wrong = row.at.year < 1990 or row.day > row.delivered + dt.timedelta(days=1)
        return replace(
            row,
            status=status or "unknown",
            money=(row.amount * (rate or 0)).quantize(UNIT, ROUND_HALF_UP),
            fault=contradicts or is_wrong or status is None or rate is None,
        )

    def _rate(self, currency: str | None, day: dt.date) -> Decimal | None:
        if currency in (None, BASE):
            return Decimal(1)
        if day.year < 1999:  # the euro is no older
            return None
        for age in range(8):  # a weekend's rate is Friday's; older than a week is none
            if rate := self._rates.get((currency, day - dt.timedelta(days=age))):
                return rate
        return None

    def _newest(self, read: list[Row], grain: str) -> Iterator[tuple[str, Row]]:
        """Each used row with its order; what it stands for is noted as duplicate or superseded."""
        versions: defaultdict[tuple[object, ...], list[Row]] = defaultdict(list)
        copies: Counter[tuple[object, ...]] = Counter()
        end = dt.datetime.max.replace(tzinfo=dt.UTC)
        for row in sorted(read, key=lambda row: row.changed or end):
            key: tuple[object, ...] = (row.order, row.line if grain == "line" else "")
            if row.order is None or (grain == "line" and row.line is None):
                # without a key a row is its content, as often as the file that has most of it
                copies[row.file, row.content] += 1
                key = ("content", row.content, copies[row.file, row.content])
            if row.fault:
                self._note("quarantined", row.money)
            else:
                versions[key].append(row)
        beginning = dt.datetime.min.replace(tzinfo=dt.UTC)
        for key, rows in versions.items():
            newest = max(rows, key=lambda row: (row.changed or beginning, row.delivered))
            yield newest.order or str(key), newest
            rows.remove(newest)
            for row in rows:
                is_same = (row.content, row.status) == (newest.content, newest.status)
                self._note("duplicate" if is_same else "superseded", row.money)

    def _settle(self, used: Iterator[tuple[str, Row]]) -> None:
        """Where the money of used rows goes: an order is what remains of its lines."""
        orders: defaultdict[str, list[Row]] = defaultdict(list)
        for order, row in used:
            self._note("used", row.money)
            orders[order].append(row)
        owners, totals, days = {}, {}, {}
        for order, rows in orders.items():
            counted = [row for row in rows if row.status in ("counted", "refunded")]
            if counted:
                owners[order] = min((r.customer for r in counted if r.customer), default=None)
                totals[order] = sum(row.money for row in counted)
                days[order] = min(row.day for row in counted)
        buyers = {owners[order] for order in totals if totals[order] >= 0 and days[order] <= AS_OF}
        for order, rows in orders.items():
            for row in rows:
                if owners.get(order) is None and row.customer is None:
                    self.rows["without_customer"] += 1
                if row.status in ("cancelled", "pending"):
                    self.money["not_counted"] += row.money
                elif days[order] > AS_OF:
                    self.money["after_as_of"] += row.money
                elif row.status == "refunded" and totals[order] >= 0:
                    self.money["refunded_by_status"] += row.money
                elif owners[order] is None:
                    self.money["without_customer"] += row.money
                elif owners[order] not in buyers:
                    self.money["without_order"] += row.money
                else:
                    self.money["in_cohorts"] += row.money


def moment(text: str | None) -> dt.datetime | None:
    """A moment, UTC where no offset says else."""
    try:
        found = dt.datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def business_day(at: dt.datetime) -> dt.date:
    """The day in the business time zone; no zone is asked about the year 1."""
    return at.astimezone(ZONE).date() if at.year > 1 else at.date()


def number(text: str | None) -> Decimal | None:
    """A finite number, at most four decimals of it."""
    try:
        found = Decimal(text or "")
    except InvalidOperation:
        return None
    return found.quantize(UNIT, ROUND_HALF_UP) if found.is_finite() else None


def rates() -> dict[tuple[str | None, dt.date], Decimal]:
    """Pounds for one unit of each currency, by day, from the European Central Bank's quotes."""
    with Path(DBT_PROJECT / "seeds/exchange_rates.csv").open(encoding="utf-8", newline="") as file:
        quotes = {
            (row["currency"], dt.date.fromisoformat(row["rate_date"])): Decimal(
                row["units_per_euro"]
            )
            for row in csv.DictReader(file)
        }
    pounds = {day: quote for (currency, day), quote in quotes.items() if currency == BASE}
    found: dict[tuple[str | None, dt.date], Decimal] = {
        (currency, day): pounds[day] / quote
        for (currency, day), quote in quotes.items()
        if day in pounds
    }
    return found | {("EUR", day): quote for day, quote in pounds.items()}
