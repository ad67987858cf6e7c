"""The gates on a shop that is well, then odd, then broken: what is told, kept and stopped."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from dagster_project.warehouse.files import Warehouse

from ..support.shops import ORDERS_MAPPED, ShopRun, run_shop

FIRST, DAYS = dt.date(2024, 1, 1), 70  # to Sunday, 10 March
ORDERS = "no,who,at,total"
CONFIG: dict[str, Any] = {
    "exports": {
        "orders": {
            "files": "orders_*.csv",
            **ORDERS_MAPPED,
        },
        "sessions": {
            "files": "sessions_*.csv",
            "columns": {"session_id": "id", "customer_id": "who", "started_at": "at"},
        },
        "customers": {
            "files": "crm.csv",
            "delivered_at": "2024-01-01",
            "columns": {"customer_id": "id", "email": "mail"},
        },
    },
}


class Gates:
    """A shop's folder, run after run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse = Warehouse(folder / "warehouse")

    def write(self, name: str, header: str, rows: list[str]) -> None:
        (self.folder / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")

    def orders(self, delivered: dt.date, days: dict[dt.date, int], strangers: int = 0) -> None:
        """Orders of seven customers, of whom so many are not in the CRM."""
        rows = [
            f"{day}-{i},{'CX'[i % 7 >= 7 - strangers]}{i % 7},{day} 10:00:00,5"
            for day, count in days.items()
            for i in range(count)
        ]
        self.write(f"orders_{delivered}.csv", ORDERS, rows)

    def run(self) -> tuple[ShopRun, dict[str, list[dict[str, Any]]]]:
        """One run, and what it kept: suites by stage."""
        shop = run_shop(self.folder, CONFIG)
        folder = self.warehouse.checks_folder / shop.result.run_id
        return shop, {
            file.stem: json.loads(file.read_text(encoding="utf-8"))
            for file in folder.glob("*.json")
        }

    def docs(self, shop: ShopRun) -> str:
        return (self.warehouse.folder / "data_docs" / f"{shop.result.run_id}.html").read_text(
            encoding="utf-8"
        )


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


def told(kept: dict[str, list[dict[str, Any]]]) -> list[tuple[str, str, str, str]]:
    """Severity, asset, setting or table, and observation of whatever did not pass."""
    return sorted(
        (o["severity"], suite["asset"], f"{suite['schema']}.{suite['table']}", o["observed"])
        for suites in kept.values()
        for suite in suites
        for o in suite["outcomes"]
        if not o["passed"]
    )


@pytest.fixture(scope="module")
def gates(tmp_path_factory: pytest.TempPathFactory) -> Gates:
    gates = Gates(tmp_path_factory.mktemp("gates"))
    gates.orders(day(DAYS), {day(n): 30 for n in range(DAYS)})
    gates.write(
        f"sessions_{day(DAYS)}.csv",
        "id,who,at",
        [f"s{n},C{n % 7},{day(n)} 9:00" for n in range(DAYS)],
    )
    gates.write("crm.csv", "id,mail", [f"C{n},c{n}@shop.example" for n in range(7)])
    return gates


def test_a_shop_that_is_well_passes_everything_and_all_is_kept(gates: Gates) -> None:
    shop, kept = gates.run()
    assert shop.result.success
    assert set(kept) == {"raw", "staging", "marts"}
    assert told(kept) == []
    suites = [suite for suites in kept.values() for suite in suites]
    assert {suite["run_id"] for suite in suites} == {shop.result.run_id}
    assert all(suite["stage"] == stage for stage, found in kept.items() for suite in found)
    assert {"raw.orders", "staging.stg_order_rows", "marts.cohort_retention"} <= {
        suite["asset"] for suite in suites
    }
    assert "Everything passed" in gates.docs(shop)
    checks = shop.result.get_asset_check_evaluations()
    assert [(check.asset_key, check.check_name) for check in checks if not check.passed] == []


def test_what_is_odd_is_told_and_published(gates: Gates) -> None:
    """Two weeks later: strangers, few orders, a column more, no sessions."""
    later = {day(DAYS + n): 30 for n in range(13)} | {day(DAYS + 13): 9}
    gates.orders(day(DAYS + 14), later, strangers=3)
    path = gates.folder / f"orders_{day(DAYS + 14)}.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    gates.write(path.name, header + ",shop", [row + ",Kiel" for row in rows])
    shop, kept = gates.run()
    assert shop.result.success
    strangers, orders = 13 * 12 + 3, 13 * 30 + 9
    assert told(kept) == [
        (
            "warning",
            "raw.orders",
            "ledger.file_columns",
            "file orders_2024-03-25.csv, found new column shop,"
            " compared with orders_2024-03-11.csv",
        ),
        (
            "warning",
            "raw.sessions",
            "raw.sessions",
            "newest day 2024-03-10, as of 2024-03-24",
        ),
        (
            "warning",
            "staging.stg_order_rows",
            "ledger.night_findings",
            "of orders_2024-03-25.csv, gate rows, seen 2024-03-24: 9 rows, expected about 30,"
            " remedy deliver the file again, whole, to let it through `exports: {orders: {accept:"
            " [{file: orders_2024-03-25.csv, gate: rows, reason: ...}]}}`",
        ),
        (
            "warning",
            "staging.stg_order_rows",
            "staging.stg_orders",
            f"unknown {strangers}, orders with customer {30 * DAYS + orders}",
        ),
    ]
    assert "found new column shop" in gates.docs(shop)
    assert shop.query("select sum(orders) from customer_value") == [(30 * DAYS + orders,)]


def test_what_is_broken_stops_before_the_marts(gates: Gates) -> None:
    """The next day's file was cut short: 2 of 30 orders; the marts of the day before stand."""
    gates.orders(day(DAYS + 15), {day(DAYS + 14): 2})
    shop, kept = gates.run()
    assert not shop.result.success
    assert set(kept) == {"raw", "staging"}
    assert [row[:2] for row in told(kept) if row[0] == "critical"] == [
        ("critical", "staging.stg_order_rows")
    ]
    page = gates.docs(shop)
    assert "gate rows, seen 2 rows, expected about 30" in page
    assert shop.query("select max(last_order_date) from customer_value") == [(day(DAYS + 13),)]


def test_personal_data_is_in_no_result_and_no_page(gates: Gates) -> None:
    gates.write("crm.csv", "id,mail", [f"C{n},c{n}@shop.example" for n in range(3)] + [",c9@x.y"])
    shop, kept = gates.run()
    assert not shop.result.success
    assert told(kept)[0][1] == "raw.customers"
    files = [*gates.warehouse.checks_folder.rglob("*.json")]
    files += (gates.warehouse.folder / "data_docs").iterdir()
    assert len(files) > 10
    assert not [
        file for file in files if "@" in file.read_text(encoding="utf-8").replace("@media", "")
    ]
