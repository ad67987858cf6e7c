"""What the launchpad asks for is read again, and nothing else."""

from pathlib import Path

import dagster as dg
import pytest

from dagster_project.warehouse.files import Warehouse

from .test_history import load, write


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


def loaded_by(shop: Warehouse) -> dict[str, str]:
    """The run that read each file last."""
    with shop.connect(read_only=True) as con:
        return dict(con.execute("select file, run_id from ledger.files").fetchall())


def failure(result: dg.ExecuteInProcessResult) -> str:
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    assert failed.step_failure_data.user_failure_data
    return failed.step_failure_data.user_failure_data.description or ""


def test_files_are_read_again_by_name_and_by_day(tmp_path: Path) -> None:
    days = [f"2024-0{month}-05" for month in (1, 2, 3)]
    shop = write(tmp_path / "shop", dict.fromkeys(days, 2))
    january, february, march = (f"orders_{day}.csv" for day in days)
    first = load(shop).run_id
    assert loaded_by(shop) == dict.fromkeys((january, february, march), first)
    by_name = load(shop, {"files": ["orders_2024-02-*.csv"]}).run_id
    assert loaded_by(shop) == {january: first, february: by_name, march: first}
    window = {"delivered_from": "2024-01-01", "delivered_to": "2024-02-05"}
    by_day = load(shop, window).run_id
    assert loaded_by(shop) == {january: by_day, february: by_day, march: first}
    both = load(shop, {"files": [january, march], "delivered_from": "2024-02-06"}).run_id
    after = {january: by_day, february: by_day, march: both}
    assert loaded_by(shop) == after
    with shop.connect(read_only=True) as con:
        assert con.execute("select count(*) from raw.orders").fetchall() == [(6,)]

    assert failure(load(shop, {"files": ["order_2024-02-05.csv"]})) == (
        "nothing to read again: no loaded file has such a name and day; loaded are 3 files of"
        f" deliveries from 2024-01-05 to 2024-03-05, such as {march}"
    )
    assert failure(load(shop, {"delivered_from": "March"})) == (
        "delivered_from: March is no day; write it as in 2024-03-01"
    )
    (tmp_path / "shop" / february).unlink()
    assert failure(load(shop, window)) == (
        f"to be read again, but no longer there: {february}; put them back, or name others"
    )
    assert loaded_by(shop) == after
