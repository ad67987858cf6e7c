"""Each shop has its own history of runs, in its warehouse or in a database."""

import os
import re
import sqlite3
from collections import Counter
from pathlib import Path

import dagster as dg
import psycopg2
import pytest
import yaml
from sqlalchemy import event
from sqlalchemy.engine import Engine

from dagster_project.commands.cli import USER_ERROR, main
from dagster_project.commands.history import history, opened
from dagster_project.definitions import build
from dagster_project.defs.resources import WAREHOUSE_TAG, forget_old_history
from dagster_project.settings import ROOT
from dagster_project.warehouse.files import Warehouse

from ..support import postgres
from ..support.shops import ORDERS_MAPPED

ORDERS = dg.AssetKey(["raw", "orders"])
CONFIG = {
    "exports": {
        "orders": {
            "files": "orders_*.csv",
            **ORDERS_MAPPED,
        }
    }
}


def write(folder: Path, days: dict[str, int]) -> Warehouse:
    """A shop with so many orders a delivery."""
    folder.mkdir(exist_ok=True)
    for day, orders in days.items():
        rows = [f"{day}-{i},C{i},{day} 10:00:00,5" for i in range(orders)]
        text = "\n".join(["no,who,at,total", *rows, ""])
        (folder / f"orders_{day}.csv").write_text(text, encoding="utf-8")
    (folder / "exports.yml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    return Warehouse(folder / "warehouse")


def load(shop: Warehouse, config: dict | None = None) -> dg.ExecuteInProcessResult:
    """Load its exports and nothing else, in a run that its history tells of."""
    folder = shop.folder.parent
    job = dg.define_asset_job(
        "loading", dg.AssetSelection.key_prefixes("raw", "ledger").without_checks()
    )
    project = build(folder / "exports.yml", shop.folder)
    defs = dg.Definitions.merge(project, dg.Definitions(jobs=[job]))
    run_config = {"loggers": {"console": {}}} | (
        {"ops": {"raw": {"config": config}}} if config else {}
    )
    with opened(shop) as instance:
        return defs.resolve_job_def("loading").execute_in_process(
            instance=instance, run_config=run_config, raise_on_error=False
        )


def rows_shown(instance: dg.DagsterInstance) -> int:
    """How many orders the UI shows of the last load."""
    event = instance.get_latest_materialization_event(ORDERS)
    assert event is not None
    assert event.asset_materialization is not None
    shown = event.asset_materialization.metadata["dagster/row_count"].value
    assert isinstance(shown, int)
    return shown


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


def test_the_ui_shows_a_shop_its_own_rows(tmp_path: Path) -> None:
    shops = {rows: write(tmp_path / f"{rows}", {"2024-01-05": rows}) for rows in (3, 5)}
    for shop in shops.values():
        assert load(shop).success
    for rows, shop in shops.items():
        with opened(shop) as instance:
            assert rows_shown(instance) == rows
            assert len(instance.get_runs()) == 1


def test_a_run_opens_each_file_of_its_history_once(tmp_path: Path) -> None:
    shop = write(tmp_path / "shop", {"2024-01-05": 3})
    assert load(shop).success  # makes the files
    connections: Counter[str] = Counter()

    def connected(connection: sqlite3.Connection, _: object) -> None:
        file = connection.execute("pragma database_list").fetchone()[2]
        connections[Path(file).stem] += 1

    event.listen(Engine, "connect", connected)
    try:
        result = load(shop)
    finally:
        event.remove(Engine, "connect", connected)
    with opened(shop) as instance:
        events = instance.all_logs(result.run_id)
    assert len(events) > 50
    # that which is kept, and what Dagster looks at when it opens a history, but none for each event
    assert connections["index"] <= 6
    assert connections[result.run_id] <= 6


def test_what_a_shop_says_of_its_history_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Warehouse(tmp_path / "warehouse")
    settings = history(shop) / "dagster.yaml"
    assert settings.parent == shop.folder / "dagster"
    settings.write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    assert history(shop) == settings.parent
    assert settings.read_text(encoding="utf-8") == "telemetry: {enabled: false}\n"
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "elsewhere"))
    assert history(shop) == tmp_path / "elsewhere"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that docs/operating.md tells to make."""
    text = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    (given,) = re.findall(r"^```yaml\n(storage:.+?)^```", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "home").mkdir()
    (tmp_path / "home/dagster.yaml").write_text(given, encoding="utf-8")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.skipif(bool(postgres.MISSING), reason=postgres.MISSING)
def test_a_history_in_postgresql(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = write(tmp_path / "shop", {"2024-01-05": 3})
    with postgres.server() as address:
        monkeypatch.setenv("DAGSTER_POSTGRES_URL", address)
        first = load(shop)
        assert first.success
        with opened(shop) as instance:
            assert rows_shown(instance) == 3
            # a run that was killed is found dead by the next one
            killed = instance.create_run_for_job(
                build(tmp_path / "shop/exports.yml", shop.folder).resolve_job_def("nightly"),
                status=dg.DagsterRunStatus.STARTED,
                tags={WAREHOUSE_TAG: str(shop.folder)},
            )
        write(tmp_path / "shop", {"2024-01-06": 4})
        second = load(shop)
        assert second.success
        with psycopg2.connect(address) as con, con.cursor() as cursor:
            cursor.execute("select run_id, status from runs")
            assert dict(cursor.fetchall()) == {
                first.run_id: "SUCCESS",
                killed.run_id: "FAILURE",
                second.run_id: "SUCCESS",
            }
            cursor.execute(
                "select run_id from event_logs where dagster_event_type = 'STEP_SUCCESS'"
            )
            assert cursor.fetchall() == [(first.run_id,), (second.run_id,)]
        with opened(shop) as instance:
            assert rows_shown(instance) == 7
            forget_old_history(instance, str(shop.folder), keep=1)
            assert [run.run_id for run in instance.get_runs()] == [second.run_id]
    # no file of SQLite beside it
    assert not list(home.rglob("*.db"))


def test_a_history_that_cannot_be_opened_says_so(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = write(tmp_path / "shop", {"2024-01-05": 3})
    os.environ.pop("DAGSTER_POSTGRES_URL", None)
    given = ["--exports", str(tmp_path / "shop/exports.yml"), "--warehouse", str(shop.folder)]
    assert main(["run", *given]) == USER_ERROR
    said = capsys.readouterr().err
    assert f"error: {home / 'dagster.yaml'}: the history of runs cannot be opened" in said
    assert 'the environment variable "DAGSTER_POSTGRES_URL" which is not set' in said
    assert "start the database that it names, or correct it" in said
    assert "Traceback" not in said
