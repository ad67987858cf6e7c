"""The whole line by hand: a marketer opens Dagster, looks, presses the button, and gets marts."""

import datetime as dt
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
import yaml
from playwright.sync_api import Page, expect

from dagster_project.commands.cli import GREEN, main
from dagster_project.defs.groups import GROUPS
from dagster_project.warehouse.files import Warehouse

from ..support.shops import ORDERS_MAPPED, dagster_home
from .ui import MISSING, browser, materialize_in_group, serve

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

#: Columns that tell runs apart, and nothing else.
OF_THE_RUN = {"run_id", "started_at"}
LOOK_MILLISECONDS, RUN_MILLISECONDS = 60_000, 240_000

CONFIG = {
    "settings": {"as_of_date": "2024-06-30", "segments": ["country"]},
    "exports": {
        "orders": {
            "files": "orders.csv",
            "delivered_at": "2024-07-01",
            **ORDERS_MAPPED,
        },
        "sessions": {
            "files": "sessions.csv",
            "delivered_at": "2024-07-01",
            "columns": {"session_id": "sid", "customer_id": "who", "started_at": "at"},
        },
        "customers": {
            "files": "customers.csv",
            "delivered_at": "2024-07-01",
            "columns": {"customer_id": "who", "signed_up_at": "at", "country": "land"},
        },
    },
}


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of 30 customers who order ever more seldom, in the half year up to June 2024."""
    folder = tmp_path_factory.mktemp("shop")
    orders, sessions, customers = ["no,who,at,total"], ["sid,who,at"], ["who,at,land"]
    for customer in range(30):
        start = dt.datetime(2024, 1, 3, 10, tzinfo=dt.UTC) + dt.timedelta(days=5 * customer)
        customers.append(f"C{customer},{start:%Y-%m-%d %H:%M:%S},{('DE', 'FR')[customer % 2]}")
        for visit in range(1 + customer % 5):
            at = start + dt.timedelta(days=visit * (7 + customer))
            if at.date() > dt.date(2024, 6, 30):
                break
            orders.append(f"{customer}-{visit},C{customer},{at:%Y-%m-%d %H:%M:%S},{10 + visit}.50")
            sessions.append(f"s{customer}-{visit},C{customer},{at:%Y-%m-%d %H:%M:%S}")
    (folder / "orders.csv").write_text("\n".join(orders) + "\n", encoding="utf-8")
    (folder / "sessions.csv").write_text("\n".join(sessions) + "\n", encoding="utf-8")
    (folder / "customers.csv").write_text("\n".join(customers) + "\n", encoding="utf-8")
    (folder / "exports.yml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    return folder / "exports.yml"


@pytest.fixture(scope="module")
def commanded(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The shop as `retention run` builds it."""
    folder = tmp_path_factory.mktemp("commanded")
    os.environ["DAGSTER_HOME"] = str(dagster_home(tmp_path_factory.mktemp("dagster")))
    assert main(["run", "--exports", str(exports), "--warehouse", str(folder)]) == GREEN
    return Warehouse(folder)


@contextmanager
def silent_proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy for all that leaves this machine, and what was asked of it; it answers nothing."""
    asked: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def note() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                asked.append(connection.recv(200).decode(errors="replace"))

    threading.Thread(target=note, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.close()


def test_from_the_lineage_to_marts(exports: Path, commanded: Warehouse, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    requested: list[str] = []
    with silent_proxy() as (proxy, asked):
        environment = {
            "RETENTION_EXPORTS": str(exports),
            "RETENTION_WAREHOUSE": str(warehouse.folder),
            "NO_PROXY": "127.0.0.1,localhost",
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy),
        }
        with serve(tmp_path / "dagster", environment) as address, browser() as chromium:
            page = chromium.new_page(base_url=address, viewport={"width": 1700, "height": 1000})
            page.on("request", lambda request: requested.append(request.url))
            page.on("websocket", lambda websocket: requested.append(websocket.url))
            page.set_default_timeout(LOOK_MILLISECONDS)
            expect.set_options(timeout=LOOK_MILLISECONDS)
            the_lineage_shows_every_group(page)
            the_button_runs_the_job(page)
            the_checks_are_listed(page)
            the_marts_have_pictures(page)
            one_mart_of_a_group_is_made_by_itself(page)
    inside = (f"{address}/", f"blob:{address}/", f"{address.replace('http', 'ws')}/", "data:")
    assert requested
    assert [url for url in requested if not url.startswith(inside)] == []
    assert asked == []
    marts_are_equal(warehouse, commanded)


def the_lineage_shows_every_group(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Lineage").click()
    for group in GROUPS:
        expect(page.get_by_text(group, exact=True).first).to_be_visible()
    page.get_by_placeholder("Jump to").fill("cohort_retention")
    expect(page.get_by_text("cohort_retention").first).to_be_visible()


def the_button_runs_the_job(page: Page) -> None:
    page.get_by_role("link", name="Jobs").click()
    page.get_by_role("link", name="nightly").first.click()
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_role("link", name="Runs").first.click()
    page.locator("a[href*='/runs/']").first.click()
    verdict = page.get_by_text("Success", exact=True).or_(page.get_by_text("Failure", exact=True))
    expect(verdict.first).to_be_visible(timeout=RUN_MILLISECONDS)
    expect(verdict.first).to_have_text("Success")


def the_checks_are_listed(page: Page) -> None:
    page.goto("/assets/raw/orders?view=checks")
    expect(page.get_by_text("gate", exact=True).first).to_be_visible()
    expect(page.get_by_text("Succeeded", exact=True).first).to_be_visible()
    expect(page.get_by_text("This is a blocking asset check.")).to_be_visible()


def the_marts_have_pictures(page: Page) -> None:
    page.goto("/assets/marts/cohort_retention")
    page.get_by_text("[Show Markdown]").first.click()
    picture = page.locator("img[alt='cohort_retention']")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 300


def one_mart_of_a_group_is_made_by_itself(page: Page) -> None:
    materialize_in_group(page, "churn", "churn_bridge")
    page.goto("/runs")
    page.locator("a[href*='/runs/']").first.click()
    expect(page.get_by_text("Success", exact=True).first).to_be_visible(timeout=RUN_MILLISECONDS)
    expect(page.get_by_text("monthly_churn")).to_have_count(0)


def marts_are_equal(one: Warehouse, other: Warehouse) -> None:
    """The published marts are equal, table by table and row for row."""
    with duckdb.connect() as con:
        for name, warehouse in (("one", one), ("other", other)):
            con.execute(f"attach '{warehouse.marts_file}' as {name} (read_only)")
        tables = columns(con, "one")
        assert tables
        assert tables == columns(con, "other")
        for table, found in tables.items():
            kept = ", ".join(f'"{column}"' for column in found if column not in OF_THE_RUN)
            rows = [
                con.execute(f"select {kept} from {name}.{table} order by all").fetchall()
                for name in ("one", "other")
            ]
            assert rows[0] == rows[1], table
        assert con.execute("select count(*) from one.cohort_retention").fetchone() != (0,)


def columns(con: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in con.execute(
        "select table_name, column_name from duckdb_columns()"
        " where database_name = ? and schema_name = 'main' order by table_name, column_index",
        [database],
    ).fetchall():
        found.setdefault(table, []).append(column)
    return found
