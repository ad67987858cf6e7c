"""Pictures of marts as the contract declares them: drawn, small, the same every time."""

import base64
import datetime as dt
from collections.abc import Iterator
from typing import Any

import dagster as dg
import duckdb
import pytest

from dagster_project.defs.charts.queries import PICTURES, TABLES
from dagster_project.defs.charts.render import alive_matrix, picture
from dagster_project.defs.dbt_assets import MANIFEST

KILOBYTES = 40
MONTHS = [dt.date(2023 + month // 12, 1 + month % 12, 1) for month in range(24)]

COHORT = {"study": "order_to_order", "bucket": "calendar", "period": "month"}
ALL = {"segment_name": "all", "segment_value": "all"}
ROWS: dict[str, list[dict[str, Any]]] = {
    "cohort_retention": [
        COHORT
        | ALL
        | {
            "cohort_start": cohort,
            "period_number": offset,
            "cohort_size": 100,
            "retention_rate": 1 / (1 + offset),
            "is_complete": True,
            "is_left_truncated": place == 0,
        }
        for place, cohort in enumerate(MONTHS)
        for offset in range(24 - place)
    ],
    "retention_curve": [
        COHORT
        | ALL
        | {
            "period_number": offset,
            "retention_rate": 1 / (1 + offset),
            "rate_low": 0.9 / (1 + offset),
            "rate_high": 1.1 / (1 + offset),
            "on_or_after_rate": 1 / (1 + offset) ** 0.5,
        }
        for offset in range(24)
    ],
    "active_customers": [
        ALL
        | {
            "activity": "any",
            "activity_date": MONTHS[0] + dt.timedelta(days=day),
            "dau": 10 + day % 7,
            "wau": 50 + day % 13,
            "mau": 150 + day,
            "wau_is_complete": day >= 6,
            "mau_is_complete": day >= 29,
        }
        for day in range(700)
    ],
    "lifecycle": [
        ALL
        | {
            "activity": "order",
            "period": "month",
            "period_start": month,
            "new_customers": 10,
            "returning_customers": 20 + place,
            "resurrected_customers": 5,
            "dormant_customers": 12,
            "is_complete": True,
        }
        for place, month in enumerate(MONTHS)
    ],
    "monthly_churn": [
        {
            "base": "order",
            "month": month,
            "opening_customers": 100 + place,
            "closing_customers": 101 + place,
            "churn_rate": 0.1 if place else None,
            "is_complete": True,
        }
        for place, month in enumerate(MONTHS)
    ],
    "lifespan_survival": [
        {
            "segment": "all",
            "days": day,
            "survival": 0.99**day,
            "survival_low": 0.98**day,
            "survival_high": 0.995**day,
        }
        for day in range(365)
    ],
    "cohort_value": [
        {
            "cohort_month": cohort,
            "months_since_first_order": age,
            "cumulative_revenue_per_customer": 10.0 * (1 + age) ** 0.5,
            "is_complete": True,
        }
        for place, cohort in enumerate(MONTHS)
        for age in range(24 - place)
    ],
    "customer_value": [
        {
            "customer_id": f"C{i}",
            "rfm_segment": ("champions", "lost")[i % 2],
            "orders": 1 + i,
            "net_revenue": 10 * i,
            "days_since_last_order": i,
        }
        for i in range(10)
    ],
    "mart_availability": [
        {"mart": "nps", "reason": "no export of surveys is mapped", "is_filled": False},
        {"mart": "lifecycle", "reason": None, "is_filled": True},
    ],
    "source_accounting": [{"export": "orders", "rows_in_files": 10, "rows_used": 9}],
    "prediction_tracking": [
        {
            "week_number": week,
            "week_end": MONTHS[0] + dt.timedelta(7 * week + 6),
            "actual_orders": 10 * week,
            "expected_orders": 9.5 * week,
            "predicted_orders": 9.8 * week if week >= 40 else None,
            "is_holdout": week >= 40,
        }
        for week in range(80)
    ],
    "prediction_lift": [
        {"decile": tenth, "actual_orders_mean": 5 / tenth, "predicted_orders_mean": 4 / tenth}
        for tenth in range(1, 11)
    ],
    "prediction_verdict": [
        {"horizon_days": days, "is_whole_holdout": False, "verdict": "holds", "orders_error": 0.1}
        for days in (30, 90, 365)
    ],
}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """The marts of dbt's contract, empty."""
    with duckdb.connect() as con:
        con.execute("create schema marts")
        for node in MANIFEST["nodes"].values():
            if node["resource_type"] == "model" and node["schema"] == "marts":
                columns = ", ".join(
                    f'"{name}" {column["data_type"]}' for name, column in node["columns"].items()
                )
                con.execute(f"create table marts.{node['name']} ({columns})")
        yield con


def fill(con: duckdb.DuckDBPyConnection, mart: str, rows: list[dict[str, Any]]) -> None:
    names = ", ".join(rows[0])
    marks = ", ".join("?" * len(rows[0]))
    con.executemany(
        f"insert into marts.{mart} ({names}) values ({marks})", [list(row.values()) for row in rows]
    )


@pytest.mark.parametrize("mart", PICTURES)
def test_picture_is_small_and_the_same_every_time(
    con: duckdb.DuckDBPyConnection, mart: str
) -> None:
    fill(con, mart, ROWS[mart])
    shown = picture(mart, con)
    assert isinstance(shown, dg.MarkdownMetadataValue)
    assert shown == picture(mart, con)
    text = shown.md_str or ""
    assert len(text) < KILOBYTES * 1000
    start, _, image = text.partition("base64,")
    assert start == f"![{mart}](data:image/png;"
    png = base64.b64decode(image.removesuffix(")"))
    assert png.startswith(b"\x89PNG")
    assert not any(chunk in png for chunk in (b"tEXt", b"iTXt", b"tIME"))


@pytest.mark.parametrize("mart", PICTURES)
def test_one_row_is_enough(con: duckdb.DuckDBPyConnection, mart: str) -> None:
    fill(con, mart, ROWS[mart][1:2])
    assert isinstance(picture(mart, con), dg.MarkdownMetadataValue)


@pytest.mark.parametrize("mart", [*PICTURES, *TABLES])
def test_an_empty_mart_has_no_picture(con: duckdb.DuckDBPyConnection, mart: str) -> None:
    assert picture(mart, con) is None


@pytest.mark.parametrize("mart", TABLES)
def test_table_has_totals_and_no_customer(con: duckdb.DuckDBPyConnection, mart: str) -> None:
    fill(con, mart, ROWS[mart])
    shown = picture(mart, con)
    assert isinstance(shown, dg.TableMetadataValue)
    expected = {
        "customer_value": 2,
        "mart_availability": 1,
        "prediction_verdict": 3,
        "source_accounting": 1,
    }
    assert len(shown.records) == expected[mart]
    assert "customer_id" not in shown.records[0].data


def test_a_shop_whose_marts_are_all_filled_has_none_to_list(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, "mart_availability", [ROWS["mart_availability"][1]])
    assert picture("mart_availability", con) is None


def test_the_matrix_of_those_alive(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create schema predictions")
    con.execute(
        "create table predictions.forecasts as select 'history' as part, 30 as horizon_days,"
        " x::int as frequency, (x * 10)::int as recency_days, 300 as age_days,"
        " 1 / (1 + x) as probability_alive from range(30) as numbers(x)"
    )
    shown = alive_matrix(con)
    assert isinstance(shown, dg.MarkdownMetadataValue)
    assert (shown.md_str or "").startswith("![forecasts](data:image/png;base64,")
    con.execute("delete from predictions.forecasts")
    assert alive_matrix(con) == dg.MetadataValue.md("Nothing of `forecasts` is complete yet.")


def test_another_study_stands_in(con: duckdb.DuckDBPyConnection) -> None:
    rows = [row | {"study": "session_to_session"} for row in ROWS["retention_curve"]]
    fill(con, "retention_curve", rows)
    assert isinstance(picture("retention_curve", con), dg.MarkdownMetadataValue)


def test_nothing_complete_yet(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, "monthly_churn", [ROWS["monthly_churn"][0] | {"is_complete": False}])
    shown = picture("monthly_churn", con)
    assert isinstance(shown, dg.MarkdownMetadataValue)
    assert shown.md_str == "Nothing of `monthly_churn` is complete yet."


def test_no_picture_is_meant(con: duckdb.DuckDBPyConnection) -> None:
    assert picture("quarantine", con) is None
