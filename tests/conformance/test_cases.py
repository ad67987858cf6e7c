"""Published cases of a product analytics tool, replayed as event exports through the whole line."""

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from ..support.line import build_shop
from ..support.shops import DATA_SETS, Shop

CASES = sorted((DATA_SETS / "cases").glob("*.json"))


def load(kind: str) -> list[Any]:
    cases = [(path.stem, json.loads(path.read_text(encoding="utf-8"))) for path in CASES]
    return [pytest.param(case, id=name) for name, case in cases if case["kind"] == kind]


def days(period: str, first: str, count: int) -> list[dt.date]:
    """The first days of `count` periods from `first` on."""
    start = dt.date.fromisoformat(first)
    if period == "month":
        months = [start.year * 12 + start.month - 1 + i for i in range(count)]
        return [dt.date(month // 12, month % 12 + 1, 1) for month in months]
    step = {"day": 1, "week": 7}[period]
    return [start + dt.timedelta(days=step * i) for i in range(count)]


def replay(folder: Path, mart: str, case: dict, settings: dict, studies: list[dict]) -> Shop:
    with (folder / "events.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["who", "what", "when"])
        writer.writerows((e["customer_id"], e["event"], e["at"]) for e in case["events"])
    export = {
        "files": "events.csv",
        "delivered_at": "2030-01-01",
        "columns": {"customer_id": "who", "event_name": "what", "occurred_at": "when"},
    }
    config = {"settings": settings, "exports": {"events": export}, "studies": studies}
    return build_shop(folder, config, mart)


@pytest.mark.parametrize("case", load("retention"))
def test_retention(case: dict, tmp_path: Path) -> None:
    starts = days(case["period"], case["first_period"], case["periods"] + 1)
    settings = {
        "business_time_zone": case["time_zone"],
        "week_starts_on": case["week_start"],
        "as_of_date": str(starts[-1] - dt.timedelta(days=1)),
    }
    study = {
        "name": "case",
        "start": case["start_event"],
        "return": case["return_event"],
        "entry": case["entry"],
        "min_occurrences": case["min_occurrences"],
    }
    shop = replay(tmp_path, "cohort_retention", case, settings, [study])

    column = {"on_interval": "retained_customers", "on_or_after": "retained_on_or_after"}
    rows = shop.query(
        f"select cohort_start, period_number, {column[case['mode']]}, is_complete"
        " from cohort_retention"
        " where study = 'case' and period = ? and segment_name = 'all'",
        case["period"],
    )
    cells = {(start, number): count for start, number, count, _ in rows}
    for c, expected in enumerate(case["expected"]):
        found = [cells.get((starts[c], k), 0) for k in range(len(expected))]
        assert found == expected, f"cohort {starts[c]}"
    assert all(is_complete for *_, is_complete in rows)
    in_window = {start for start, number in cells if number == 0 and start >= starts[0]}
    with_customers = {start for start, row in zip(starts, case["expected"], strict=False) if row[0]}
    assert in_window == with_customers


@pytest.mark.parametrize("case", load("lifecycle"))
def test_lifecycle(case: dict, tmp_path: Path) -> None:
    first, last = case["window"]
    shop = replay(tmp_path, "lifecycle", case, {"as_of_date": last}, [])
    rows = shop.query(
        "select new_customers, returning_customers, resurrected_customers, dormant_customers"
        " from lifecycle where activity = 'pageview' and segment_name = 'all' and period = ?"
        " and period_start between ? and ? order by period_start",
        case["period"],
        first,
        last,
    )
    expected = case["expected"]
    assert [list(column) for column in zip(*rows, strict=True)] == [
        expected["new"],
        expected["returning"],
        expected["resurrecting"],
        expected["dormant"],
    ]


@pytest.mark.parametrize("case", load("stickiness"))
def test_stickiness(case: dict, tmp_path: Path) -> None:
    first, last = (dt.date.fromisoformat(day) for day in case["window"])
    length = (last - first).days + 1
    settings = {"as_of_date": str(last), "stickiness_window_days": [length]}
    shop = replay(tmp_path, "stickiness", case, settings, [])
    rows = shop.query(
        "select days_active, customers from stickiness where activity = 'pageview'"
        ' and "window" = ? order by days_active',
        f"trailing_{length}",
    )
    assert rows == list(enumerate(case["expected"], start=1))
