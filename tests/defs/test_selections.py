"""Any selection works: what was selected is built, checked and reported, and nothing else."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from dagster_project.commands.cli import USER_ERROR
from dagster_project.commands.run import Done, tell_failure
from dagster_project.commands.terminal.progress import Progress
from dagster_project.warehouse.files import Warehouse

from ..support.shops import Shop, ShopRun, materialize, run_shop

COLUMNS = {"order_id": "no", "customer_id": "who", "ordered_at": "at", "amount": "total"}
CONFIG = {
    "exports": {
        "orders": {
            "files": "orders.csv",
            "delivered_at": "2024-06-01",
            "currency": "EUR",
            "columns": COLUMNS,
        }
    }
}


def orders(days: int) -> str:
    rows = [f"{i},C{i % 7},2024-0{1 + i % 5}-{1 + i % 28:02} 10:00:00,5" for i in range(days)]
    return "\n".join(["no,who,at,total", *rows]) + "\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> ShopRun:
    """A shop after a whole run."""
    folder = tmp_path_factory.mktemp("selections")
    (folder / "orders.csv").write_text(orders(100), encoding="utf-8")
    shop = run_shop(folder, CONFIG)
    assert shop.result.success
    return shop


@pytest.fixture
def shop(built: ShopRun, tmp_path: Path) -> Iterator[Shop]:
    """A copy of it, which a test may change."""
    folder = built.warehouse.folder.parent
    shutil.copytree(folder, tmp_path / "shop")
    return Shop(Warehouse(tmp_path / "shop/warehouse"))


def made(run: ShopRun) -> set[str]:
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    events = [event for event in run.result.all_events if event.event_type == kind]
    return {"/".join(event.asset_key.path) for event in events if event.asset_key}


def checked(run: ShopRun) -> set[str]:
    return {
        f"{'/'.join(check.asset_key.path)}:{check.check_name}"
        for check in run.result.get_asset_check_evaluations()
    }


def tables(shop: Shop) -> dict[str, int]:
    """The build number of every table that is noted."""
    with duckdb.connect(str(shop.warehouse.build_file), read_only=True) as con:
        notes = con.execute("select relation, build_number from ledger.builds").fetchall()
    return dict(notes)


def failure(run: ShopRun) -> str:
    assert not run.result.success
    (failed,) = [event for event in run.result.all_events if event.is_step_failure]
    assert failed.step_failure_data.user_failure_data
    return failed.step_failure_data.user_failure_data.description or ""


def test_one_mart(shop: Shop) -> None:
    before = tables(shop)
    run = materialize(shop, dg.AssetSelection.assets(["marts", "repeat_purchase"]))
    assert run.result.success
    assert made(run) == {"marts/repeat_purchase"}
    assert {check.split(":")[0] for check in checked(run)} == {"marts/repeat_purchase"}
    now = tables(shop)
    assert {name for name in now if now[name] != before[name]} == {"marts.repeat_purchase"}


def test_one_mart_and_all_upstream(shop: Shop) -> None:
    selection = dg.AssetSelection.assets(["marts", "repeat_purchase"]).upstream()
    run = materialize(shop, selection)
    assert run.result.success
    assert {"raw/orders", "staging/stg_orders", "marts/repeat_purchase"} <= made(run)
    assert not made(run) & {"marts/cohort_retention", "marts/nps", "published/marts"}


def test_one_raw_export(shop: Shop) -> None:
    run = materialize(shop, dg.AssetSelection.assets(["raw", "orders"]))
    assert run.result.success
    assert made(run) == {"raw/orders"}


def test_a_forecast(shop: Shop) -> None:
    run = materialize(shop, dg.AssetSelection.assets(["predictions", "weeks"]))
    assert run.result.success
    assert made(run) == {"predictions/weeks"}


def test_one_check_alone(shop: Shop) -> None:
    before = tables(shop)
    check = dg.AssetCheckKey(dg.AssetKey(["marts", "churn_bridge"]), "assert_churn_bridge_adds_up")
    run = materialize(shop, dg.AssetSelection.checks(check))
    assert run.result.success
    assert not made(run)
    assert checked(run) == {"marts/churn_bridge:assert_churn_bridge_adds_up"}
    assert tables(shop) == before


def test_one_gate_alone(shop: Shop) -> None:
    gate = dg.AssetCheckKey(dg.AssetKey(["marts", "monthly_churn"]), "gate")
    run = materialize(shop, dg.AssetSelection.checks(gate))
    assert run.result.success
    assert checked(run) == {"marts/monthly_churn:gate"}


def test_a_group(shop: Shop) -> None:
    run = materialize(shop, dg.AssetSelection.groups("churn"))
    assert run.result.success
    assert {"marts/monthly_churn", "marts/churn_bridge", "marts/lifespan_summary"} <= made(run)
    assert {name.split("/")[0] for name in made(run)} == {"marts", "intermediate"}


def test_publishing_alone_publishes_what_is_built(shop: Shop) -> None:
    run = materialize(shop, dg.AssetSelection.assets(["published", "marts"]))
    assert run.result.success
    assert made(run) == {"published/marts"}


def test_the_report_of_a_shop_with_orders_only_says_what_else_there_could_be(shop: Shop) -> None:
    shop.warehouse.report_file.unlink()
    run = materialize(shop, dg.AssetSelection.assets(["published", "report"]))
    assert run.result.success
    assert made(run) == {"published/report"}
    page = shop.warehouse.report_file.read_text()
    for language, your_column in (("en", "your column"), ("ru", "ваш столбец")):
        for block, export in (("referrals", "referrals"), ("nps", "surveys")):
            start = page.index(f'id="{language}-{block}"')
            lack = page[start : page.index("</article>", start)]
            assert f"exports:\n  {export}:" in lack
            assert your_column in lack
    assert 'data-headline="churn" data-raw="0' in page


def test_marts_stay_published_when_no_report_can_be_made_of_them(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.warehouse.report_file.unlink()
    shop.warehouse.report_file.mkdir()
    run = materialize(shop, dg.AssetSelection.groups("operations"))
    assert made(run) >= {"published/marts"}
    assert made(run).isdisjoint({"published/report"})
    assert not run.result.success
    done = Done(run.result, Progress(), is_published=True)
    assert done.code == USER_ERROR
    tell_failure(done, shop.warehouse)
    said = capsys.readouterr().err
    assert "error in published__report" in said
    assert "report/index.html: cannot be written (Is a directory)" in said
    assert f"The marts are published in {shop.warehouse.marts_file}, but no report" in said
    assert "Nothing was published" not in said


def test_publishing_refuses_tables_that_are_older_than_their_inputs(shop: Shop) -> None:
    published = shop.warehouse.marts_file.read_bytes()
    (shop.warehouse.folder.parent / "orders.csv").write_text(orders(120), encoding="utf-8")
    selection = dg.AssetSelection.assets(["raw", "orders"]) | dg.AssetSelection.checks(
        dg.AssetCheckKey(dg.AssetKey(["raw", "orders"]), "gate")
    )
    assert materialize(shop, selection).result.success
    said = failure(materialize(shop, dg.AssetSelection.assets(["published", "marts"])))
    assert "staging.stg_order_rows is older than raw.orders" in said
    assert shop.warehouse.marts_file.read_bytes() == published


def test_publishing_refuses_tables_of_other_settings(shop: Shop) -> None:
    exports = shop.warehouse.folder.parent / "exports.yml"
    exports.write_text(
        "settings: {retention_days: 7}\n" + exports.read_text(encoding="utf-8"), encoding="utf-8"
    )
    said = failure(materialize(shop, dg.AssetSelection.assets(["published", "marts"])))
    assert "was built by another definition or other settings" in said


def test_publishing_refuses_marts_that_no_gate_has_seen(shop: Shop) -> None:
    mart = dg.AssetSelection.assets(["marts", "monthly_churn"]).without_checks()
    assert materialize(shop, mart).result.success
    said = failure(materialize(shop, dg.AssetSelection.assets(["published", "marts"])))
    assert "their gate has not let these tables pass as they are now: marts.monthly_churn" in said


def test_a_mart_without_what_it_is_made_of_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "exports.yml").write_text(
        "exports: {orders: {files: orders.csv, columns: {customer_id: who, ordered_at: at,"
        " amount: total}, currency: EUR, delivered_at: 2024-06-01}}\n",
        encoding="utf-8",
    )
    (tmp_path / "orders.csv").write_text(orders(20), encoding="utf-8")
    shop = Shop(Warehouse(tmp_path / "warehouse"))
    said = failure(materialize(shop, dg.AssetSelection.assets(["marts", "churn_bridge"])))
    assert said.startswith("not built yet, and needed: intermediate.churn_months")
