"""What Dagster keeps of a shop's runs is disposable: where it cannot be read, it begins anew."""

import sqlite3
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.commands.history import opened
from dagster_project.defs.resources import WAREHOUSE_TAG, forget_old_history
from dagster_project.warehouse.files import Warehouse

Capture = pytest.CaptureFixture[str]


@dg.job
def nightly() -> None:
    """Nothing but a run that Dagster notes."""

    @dg.op
    def step() -> None:
        pass

    step()


def _run(shop: Warehouse) -> str:
    with opened(shop) as instance:
        done = nightly.execute_in_process(instance=instance, tags={WAREHOUSE_TAG: "shop"})
        assert done.success
        forget_old_history(instance, "shop", keep=1)
        return done.run_id


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """A warehouse with a history of its own, and one run in it."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return Warehouse(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "overwritten"])
@pytest.mark.parametrize(
    "name", ["history/runs.db", "history/runs/index.db", "history/runs/RUN.db", "schedules/*.db"]
)
def test_a_damaged_file_is_put_aside_and_named(
    shop: Warehouse, capsys: Capture, name: str, damage: str
) -> None:
    first = _run(shop)
    (path,) = shop.dagster_home.glob(name.replace("RUN", first))
    whole = path.read_bytes()
    broken = {"cut": whole[: len(whole) // 2], "overwritten": bytes(range(256)) * 64}[damage]
    path.write_bytes(broken)
    Path(f"{path}-wal").write_bytes(b"of the file before")
    capsys.readouterr()

    second = _run(shop)

    assert f"! {path}: damaged, and begun anew" in capsys.readouterr().err
    assert path.with_name(f"{path.name}.damaged").read_bytes() == broken
    with opened(shop) as instance:
        assert second in [run.run_id for run in instance.get_runs()]
        assert instance.all_logs(second)
    assert not capsys.readouterr().err


def test_what_others_write_to_is_not_damaged(shop: Warehouse, capsys: Capture) -> None:
    _run(shop)
    path = shop.dagster_home / "history/runs.db"
    with sqlite3.connect(path) as busy:
        busy.execute("pragma locking_mode = exclusive")
        busy.execute("begin exclusive")
        (shop.dagster_home / "schedules/empty.db").touch()
        (shop.dagster_home / "schedules/gone.db").symlink_to("nowhere")
        with pytest.raises(Exception, match="locked"):
            _run(shop)
    assert "damaged" not in capsys.readouterr().err
    assert not list(shop.dagster_home.rglob("*.damaged"))
