"""Which days an export's files leave out: told by the dates in their names, or by exports.yml."""

import datetime as dt

import pytest

from dagster_project.exports.loading.missing_days import _gaps

MONDAY = dt.date(2024, 1, 1)


def daily(days: range, lag: int = 0) -> dict[dt.date, dt.date | None]:
    """Files a day, each dated `lag` days after the day it tells of."""
    dates = [MONDAY + dt.timedelta(days=i) for i in days]
    return {date: date - dt.timedelta(days=lag) for date in dates}


def without(told: dict, *lost: int) -> dict:
    return {date: day for date, day in told.items() if (date - MONDAY).days not in lost}


def test_a_file_that_did_not_come_is_a_missing_day() -> None:
    assert _gaps(without(daily(range(14)), 9)) == [dt.date(2024, 1, 10)]


def test_files_are_dated_after_the_day_they_tell_of() -> None:
    assert _gaps(without(daily(range(14), lag=1), 9)) == [dt.date(2024, 1, 9)]


def test_a_file_without_rows_says_that_nothing_happened() -> None:
    told = daily(range(14))
    told[dt.date(2024, 1, 10)] = None
    assert _gaps(told) == []


def test_another_file_may_tell_of_the_day() -> None:
    told = without(daily(range(14)), 9)
    told[dt.date(2024, 1, 12)] = dt.date(2024, 1, 10)
    assert _gaps(told) == []


def test_a_weekday_without_files_is_no_working_day() -> None:
    sundays = (6, 13, 20)
    assert _gaps(without(daily(range(21)), *sundays)) == []
    assert _gaps(without(daily(range(21)), *sundays, 9)) == [dt.date(2024, 1, 10)]


@pytest.mark.parametrize("told", [{}, daily(range(0, 90, 30)), {MONDAY: None}])
def test_monthly_files_leave_no_day_out(told: dict) -> None:
    assert _gaps(told) == []
