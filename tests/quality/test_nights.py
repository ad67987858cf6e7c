"""Nights that went wrong, each after three weeks that did not; and unusual but honest ones."""

import copy
import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.exports.config.load import load_config
from dagster_project.exports.errors import ExportError
from dagster_project.quality.nights.findings import to_judge
from dagster_project.quality.nights.judge import Thresholds, judge
from dagster_project.quality.nights.night import FileDay, Night, places

from ..support.nights import FULL, NIGHTLY, Shop, day

NIGHTS = 21
THRESHOLDS = Thresholds(min_rows=20, fewer=1.6, critical=10)


def _followed(folder: Path, full: bool) -> Shop:
    shop = Shop(folder, 60, full)
    for number in range(NIGHTS):
        shop.deliver(day(number), shop.night(day(number)))
    assert [told for told in shop.judged() if told[1] != "refunds"] == []
    return shop


@pytest.fixture(scope="module")
def nightly(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return _followed(tmp_path_factory.mktemp("nightly"), full=False)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return _followed(tmp_path_factory.mktemp("whole"), full=True)


def _after(start: Shop, folder: Path, name: str) -> tuple[Shop, list[tuple[str, str, str]]]:
    """The night after, gone wrong in this way: the shop, and what was said of its orders."""
    shutil.copytree(start.folder, folder / "shop")
    shop = Shop(folder / "shop", start.size, start.full, sent=copy.deepcopy(start.sent))
    tables = shop.night(day(NIGHTS))
    (FULL if start.full else NIGHTLY)[name](shop, day(NIGHTS), tables)
    shop.deliver(day(NIGHTS), tables)
    return shop, [told for told in shop.judged() if told[1] != "refunds"]


@pytest.mark.parametrize(
    ("name", "export", "severity", "said"),
    [
        ("every second order", "orders", "warning", "rows|"),
        ("yesterday's under new ids", "orders", "critical", "equal others in all but their ids"),
        ("customers in small letters", "orders", "critical", "customer_id looks like c9"),
        ("amounts in cents", "orders", "critical", "times the usual: in cents?"),
        ("times 8 hours early", "orders", "warning", "the hours of the day are 8 earlier"),
        ("a year early", "orders", "critical", "are of this night if the year is off"),
        (
            "a fortnight early",
            "orders",
            "critical",
            "are of 2024-02-08, 14 days before the day of the file",
        ),
        ("a day early", "orders", "warning", "are of 2024-02-21, 1 day before the day of the file"),
        ("one source for all", "orders", "warning", "source is 'direct' in 100%"),
        ("sources translated", "orders", "warning", "source is 'elgoog' in "),
        ("the morning is missing", "orders", "warning", "rows, the first at "),
        (
            "a second file under new ids",
            "orders",
            "critical",
            "rows equal others in all but their ids",
        ),
        ("amounts all the same", "orders", "warning", "rows have the same amount, about 42.00"),
        # the delivery before it is all that this is compared with, and enough
        ("customers' countries empty", "customers", "warning", "country is empty in "),
        ("customers' own ids in small letters", "customers", "critical", "looks like c9"),
    ],
)
def test_a_night_gone_wrong(
    nightly: Shop, tmp_path: Path, name: str, export: str, severity: str, said: str
) -> None:
    _, told = _after(nightly, tmp_path, name)
    assert [(s, of) for s, of, text in told if said in text] == [(severity, export)]


@pytest.mark.parametrize("name", ["half of the history", "the whole history in cents"])
def test_a_history_gone_wrong(whole: Shop, tmp_path: Path, name: str) -> None:
    """All of it is in the one file: what it was is known from what was published."""
    shop, told = _after(whole, tmp_path, name)
    assert "critical" in {severity for severity, *_ in told}
    assert shop.judged(), "it is red until it is mended or accepted, not for one run"


@pytest.mark.parametrize(
    ("name", "severity", "said"),
    [
        ("old orders doubled", "critical", "(amount)"),
        ("old orders cancelled", "critical", "(amount)"),
        ("old customers in small letters", "critical", "(new customers)"),
    ],
)
def test_a_past_that_is_told_otherwise(
    whole: Shop, tmp_path: Path, name: str, severity: str, said: str
) -> None:
    """Days that were published, and are judged whatever their age."""
    _, told = _after(whole, tmp_path, name)
    ((found, export, text),) = [each for each in told if "|restated|" in each[2]]
    assert (found, export) == (severity, "orders")
    assert said in text


def test_what_days_came_to_and_come_to_is_told(whole: Shop, tmp_path: Path) -> None:
    """Counted by hand: paid orders with a source, before the week that is not settled."""
    _, told = _after(whole, tmp_path, "old sources empty")
    last = day(NIGHTS - 1) - dt.timedelta(days=7)
    days = [row["at"][:10] for row in whole.sent["orders"] if row["state"] == "paid"]
    was = sum(at < str(last) for at in days)
    comes_to = sum(str(day(10)) <= at < str(last) for at in days)
    ((_, _, text),) = [each for each in told if "|restated|" in each[2]]
    assert f"2024-02 come to {comes_to:,.2f} (rows with source)|{was:,.2f}, as they were" in text


def test_a_past_that_is_corrected_here_and_there_is_quiet(whole: Shop, tmp_path: Path) -> None:
    shutil.copytree(whole.folder, tmp_path / "shop")
    shop = Shop(tmp_path / "shop", whole.size, full=True, sent=copy.deepcopy(whole.sent))
    for row in shop.sent["orders"][::25]:
        row["state"] = "void"
    shop.deliver(day(NIGHTS), shop.night(day(NIGHTS)))
    assert [told for told in shop.judged() if told[1] != "refunds"] == []


def test_what_is_accepted_is_let_through_and_told(nightly: Shop, tmp_path: Path) -> None:
    shop, told = _after(nightly, tmp_path, "amounts in cents")
    file = f"orders_{day(NIGHTS)}.csv"
    ((_, _, text),) = told
    assert (
        f"exports: {{orders: {{accept: [{{file: {file}, gate: amounts, reason: ...}}]}}}}" in text
    )
    shop.accept = [{"file": file, "gate": "amounts", "reason": "sold by the hundred"}]
    assert shop.judged() == []
    with duckdb.connect(str(shop.folder / "build.duckdb")) as con:
        ((gate, reason),) = con.execute(
            "select gate, accepted from ledger.night_findings"
        ).fetchall()
    assert (gate, reason) == ("amounts", "sold by the hundred")


def test_a_finding_shows_no_id(nightly: Shop, tmp_path: Path) -> None:
    _, told = _after(nightly, tmp_path, "one customer for all")
    ((_, _, text),) = told
    assert "line 2, ordered_at" in text
    assert "C0123" not in text


def test_a_row_decades_before_all_others_is_held_back(nightly: Shop, tmp_path: Path) -> None:
    shop, told = _after(nightly, tmp_path, "one order of 1991")
    assert told == []
    with duckdb.connect(str(shop.folder / "build.duckdb")) as con:
        found = con.execute(
            "select quarantine_reason, count(*), min(ordered_at)::date::varchar"
            " from staging.stg_order_rows where row_status = 'quarantined' group by all"
        ).fetchall()
    assert found == [("ordered_at is decades before all others", 1, "1991-05-05")]


def test_an_unknown_gate_is_no_gate(tmp_path: Path) -> None:
    (tmp_path / "exports.yml").write_text(
        "exports: {orders: {files: a.csv, columns: {customer_id: a, ordered_at: b, amount: c},"
        " accept: [{file: a.csv, gate: colour, reason: because}]}}",
        encoding="utf-8",
    )
    with pytest.raises(ExportError, match=r"exports\.orders\.accept\.0\.gate"):
        load_config(tmp_path / "exports.yml")


def _night(number: int, rows: int = 100, **facts: Any) -> Night:
    told = {"rows": rows, "empty": {}, "last_minute": 1430} | facts
    date = dt.date(2024, 1, 1) + dt.timedelta(days=number)
    return Night("orders", "o", date, f"o{number}.csv", date, False, told)


def _said(night: Night, past: list[Night]) -> list[tuple[str, str]]:
    return [(found.gate, found.severity) for found in judge(night, past, THRESHOLDS)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (100, []),
        (70, []),
        (55, [("rows", "warning")]),
        (11, [("rows", "warning")]),
        (9, [("rows", "critical")]),
        (0, [("rows", "warning")]),  # a holiday, or not delivered: nobody can tell
        (900, []),  # a launch
        (1100, [("rows", "warning")]),
    ],
)
def test_rows_against_the_same_weekday(rows: int, said: list[tuple[str, str]]) -> None:
    """100 on Mondays, 30 on other days."""
    past = [_night(n, 100 if n % 7 == 0 else 30) for n in range(28)]
    assert _said(_night(28, rows), past) == said


def test_nothing_is_said_before_two_weeks() -> None:
    past = [_night(n) for n in range(13)]
    assert _said(_night(13, 5), past) == []
    assert _said(_night(14, 5), [*past, _night(13)]) == [("rows", "critical")]


def test_a_weekday_that_is_closed_is_usual() -> None:
    past = [_night(n, 0 if n % 7 == 0 else 100) for n in range(21)]
    assert _said(_night(21, 0), past) == []
    assert _said(_night(22, 0), past) == [("rows", "warning")]


def test_a_share_has_to_be_odd_and_of_enough_rows() -> None:
    def night(number: int, empty: int, rows: int = 100) -> Night:
        return _night(number, rows, empty={"customer_id": empty})

    past = [night(n, 5 + n % 3) for n in range(20)]
    assert _said(night(20, 20), past) == []
    assert _said(night(20, 40), past) == [("empty", "warning")]
    assert _said(night(20, 80), past) == [("empty", "critical")]
    few = [night(n, 1, 21) for n in range(20)]
    assert _said(night(20, 15, 21), few) == []  # fewer than 20 rows are odd


def test_what_brings_customers_may_change_but_not_vanish() -> None:
    def night(number: int, **sources: int) -> Night:
        return _night(number, values={"source": sources})

    past = [night(n, google=60, mail=40) for n in range(20)]
    assert _said(night(20, google=20, mail=15, launch=65), past) == []
    assert _said(night(20, direct=100), past) == [("values", "warning")]


def test_on_a_small_night_too_not_all_come_from_one_source_or_from_new_ones() -> None:
    def night(number: int, **sources: int) -> Night:
        return _night(number, sum(sources.values()), values={"source": sources})

    # of none of them twenty rows are missing
    past = [night(n, direct=16, google=12 + n % 2, mail=12) for n in range(20)]
    assert _said(night(20, direct=15, google=13, mail=4, launch=9), past) == []
    assert _said(night(20, direct=40), past) == [("values", "warning")]
    assert _said(night(20, direkt=15, suche=13, post=12), past) == [("values", "warning")]
    # a shop that has new words every night
    changing = [night(n, **{f"a{n}": 15, f"b{n}": 13, f"c{n}": 12}) for n in range(20)]
    assert _said(night(20, a20=15, b20=13, c20=12), changing) == []


def test_customers_who_were_there_before() -> None:
    def night(number: int, known: int, rows: int = 100) -> Night:
        return _night(number, rows, named=rows, busiest=3, known_customers=known)

    past = [night(n, 30 + n // 3) for n in range(30)]  # ever more of them
    assert _said(night(30, 0), past) == [("customers", "critical")]
    assert _said(night(30, 8), past) == [("customers", "warning")]
    assert _said(night(30, 45, 300), past) == []  # a launch


def _amounts(number: int, **changed: float) -> Night:
    told = {"median": 30.0, "mean": 36.0, "sigma": 0.6, "largest": 200.0, "total": 3600.0}
    return _night(number, amounts={"amount": told | {"zero": 0, "negative": 0} | changed})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"median": 21.0, "mean": 25.0}, []),  # a sale
        ({"median": 60.0, "mean": 72.0}, [("amounts", "warning")]),
        ({"median": 3000.0, "mean": 3600.0}, [("amounts", "critical")]),
        ({"largest": 2500.0}, [("amounts", "warning")]),
        ({"zero": 30}, [("amounts", "warning")]),
        ({"negative": 90}, [("amounts", "critical")]),
    ],
)
def test_amounts(changed: dict[str, float], said: list[tuple[str, str]]) -> None:
    assert _said(_amounts(20, **changed), [_amounts(n) for n in range(20)]) == said


def test_a_burst_in_the_evening_is_no_shift() -> None:
    by_day = [1] * 8 + [8] * 12 + [1] * 4

    def night(number: int, hours: list[int]) -> Night:
        return _night(number, sum(hours), hours=hours, midnight=0)

    past = [night(n, by_day) for n in range(20)]
    later = by_day[-3:] + by_day[:-3]
    assert _said(night(20, later), past) == [("times", "warning")]
    burst = [hour * (10 if at >= 18 else 1) for at, hour in enumerate(by_day)]
    assert _said(night(20, burst), past) == []


def test_files_are_nights_or_many() -> None:
    first = dt.date(2024, 3, 1)

    def part(file: str, delivered: int, day: int, rows: int) -> FileDay:
        at, of = (first + dt.timedelta(days=n) for n in (delivered, day))
        return FileDay(file, "o", at, of, rows, rows)

    backfill = [part("o0", 10, n, 50) for n in range(10)]
    nights = [part(f"o{n}", n, n - 1, 50) for n in range(11, 14)]
    late = [part("o11", 11, 5, 3)]
    found = places([*backfill, *nights, *late])
    assert {p.date.day for p in found if p.file == "o0"} == set(range(1, 11))
    assert {(p.file, p.date.day, p.is_day) for p in found if p.file != "o0"} == {
        ("o11", 11, False),
        ("o12", 12, False),
        ("o13", 13, False),
    }


def test_a_first_file_is_compared_with_what_it_goes_on_with_and_nothing_else() -> None:
    first = dt.date(2024, 3, 1)

    def nights(series: str, days: range, is_day: bool) -> list[Night]:
        dates = [first + dt.timedelta(days=n) for n in days]
        return [Night("messages", series, d, f"{series}{d}", d, is_day, {"rows": 9}) for d in dates]

    history, newsletter = nights("all", range(20), True), nights("news", range(20, 21), False)
    judged = {n.file: past for n, past, _ in to_judge([*history, *newsletter], {}, 56)}
    assert judged[newsletter[0].file] == history
    # the same, while the other goes on beside it
    history = nights("all", range(21), True)
    judged = {n.file: past for n, past, _ in to_judge([*history, *newsletter], {}, 56)}
    assert judged[newsletter[0].file] == []
    assert judged[history[-1].file] == history[:-1]


def test_a_warehouse_that_kept_fewer_facts_goes_on(nightly: Shop, tmp_path: Path) -> None:
    shutil.copytree(nightly.folder, tmp_path / "shop")
    shop = Shop(tmp_path / "shop", nightly.size, sent=copy.deepcopy(nightly.sent))
    with duckdb.connect(str(shop.folder / "build.duckdb")) as con:
        for table in ("staged_days", "published_days"):
            con.execute(f"alter table ledger.{table} drop column settings")
            con.execute(f"alter table ledger.{table} drop column sums")
    shop.deliver(day(NIGHTS), shop.night(day(NIGHTS)))
    assert [told for told in shop.judged() if told[1] != "refunds"] == []


def test_the_first_file_of_a_name_may_be_like_others_but_not_the_same() -> None:
    def night(number: int, series: str = "o", **facts: int) -> Night:
        told = {"rows": 50, "empty": {}, "alike": 0, "equal": 0, "seen_before": 40} | facts
        date = dt.date(2024, 1, 1) + dt.timedelta(days=number)
        return Night("orders", series, date, f"{series}{number}", date, False, told)

    beside = [night(n) for n in range(20)]

    def said(**facts: int) -> list[tuple[str, str]]:
        found = judge(night(20, "other", **facts), [], THRESHOLDS, beside)
        return [(each.gate, each.severity) for each in found]

    # renewals at midnight are alike; that none of its ids was there before is no wonder
    assert said(seen_before=0, alike=50) == []
    assert said(equal=50) == [("repeated", "critical")]


def test_a_shop_that_opens_at_noon_or_closes_at_two_is_warned_of() -> None:
    past = [_night(n, first_minute=360 + n, last_minute=1380) for n in range(20)]
    assert _said(_night(20, 70, first_minute=720), past) == [("rows", "warning")]
    assert _said(_night(20, 70, last_minute=840), past) == [("rows", "warning")]
    assert _said(_night(20, 45, last_minute=840), past) == [("rows", "critical")]
    assert _said(_night(20, 90, first_minute=720, last_minute=840), past) == []
