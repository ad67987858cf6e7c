"""The sensor: files arrive, come to rest, and start one run."""

import json
import os
from pathlib import Path

import dagster as dg
import pytest
import yaml

from dagster_project.definitions import build
from dagster_project.defs.sensors import new_files_sensor

CONFIG = {
    "exports": {
        "orders": {
            "files": "orders*.csv",
            "columns": {"customer_id": "who", "ordered_at": "at", "amount": "total"},
        }
    }
}


class Shop:
    """A folder of files, and the sensor that looks at it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.exports = folder / "exports.yml"
        self.exports.write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
        self.sensor = new_files_sensor(self.exports)
        self.cursor: str | None = None

    def write(self, name: str, text: str, at: int = 1) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")
        os.utime(self.folder / name, (at, at))

    def look(self) -> tuple[list[str | None], str | None]:
        """One tick: the run keys asked for, and why none was."""
        with dg.build_sensor_context(cursor=self.cursor) as context:
            result = self.sensor(context)
        if isinstance(result, dg.SkipReason):
            return [], result.skip_message
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        reason = result.skip_reason
        assert not isinstance(reason, str)
        return [r.run_key for r in result.run_requests or ()], reason and reason.skip_message


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def settle(shop: Shop) -> str | None:
    """Look until a run is asked for."""
    assert shop.look()[0] == []
    ((key,), reason) = shop.look()
    assert reason is None
    return key


def test_files_at_rest_start_one_run(shop: Shop) -> None:
    shop.write("orders_1.csv", "who,at,total\n")
    assert shop.look() == (
        [],
        "files are new or changed, orders_1.csv last; waiting until they are at rest",
    )
    assert len(shop.look()[0]) == 1
    for _ in range(3):
        assert shop.look() == ([], "no file is new or changed since the last run")


def test_a_file_that_is_being_written_is_waited_for(shop: Shop) -> None:
    shop.write("orders_1.csv", "who,at,total\n")
    keys = [settle(shop)]
    for second in range(2, 6):
        shop.write("orders_2.csv", "who,at,total\n" * second, at=second)
        requests, reason = shop.look()
        assert requests == []
        assert reason is not None
        assert "orders_2.csv last" in reason
    keys += shop.look()[0]
    assert len(set(keys)) == 2


def test_new_changed_and_vanished_files_are_told_apart(shop: Shop) -> None:
    shop.write("orders_1.csv", "who,at,total\n")
    keys = [settle(shop)]
    shop.write("orders_1.csv", "who,at,totals\n")  # another size
    keys.append(settle(shop))
    shop.write("orders_1.csv", "who,at,tota\ns", at=2)  # another time
    keys.append(settle(shop))
    shop.write("orders_2.csv", "")
    keys.append(settle(shop))
    (shop.folder / "orders_1.csv").unlink()
    keys.append(settle(shop))
    assert len(set(keys)) == 5
    shop.write("not_asked_for.csv", "")
    assert shop.look()[0] == []


def test_changed_exchange_rates_start_a_run(shop: Shop) -> None:
    shop.exports.write_text(
        yaml.safe_dump(CONFIG | {"settings": {"exchange_rates": "rates.csv"}}), encoding="utf-8"
    )
    shop.write("orders.csv", "a")
    assert "exchange_rates" in str(shop.look()[1])  # there is no such file yet
    shop.write("rates.csv", "a")
    first = settle(shop)
    shop.write("rates.csv", "b", at=2)
    assert settle(shop) not in (None, first)


def test_the_same_files_have_the_same_key_whatever_the_cursor_knows(shop: Shop) -> None:
    shop.write("orders_1.csv", "who,at,total\n")
    key = settle(shop)
    shop.cursor = None  # reset in the UI
    assert settle(shop) == key


def test_a_wrong_configuration_or_no_file_is_a_reason(shop: Shop) -> None:
    requests, reason = shop.look()
    assert requests == []
    assert reason is not None
    assert "exports.orders.files: no file matches 'orders*.csv'" in reason
    shop.exports.write_text(
        "exports: {orders: {files: a.csv, columns: {customer: x}}}", encoding="utf-8"
    )
    requests, reason = shop.look()
    assert requests == []
    assert reason is not None
    assert "unknown column; did you mean 'customer_id'?" in reason


def test_an_export_whose_files_were_put_away_keeps_no_other_from_a_run(shop: Shop) -> None:
    sessions = {"files": "visits*.csv", "columns": {"started_at": "at"}}
    config = {"exports": CONFIG["exports"] | {"sessions": sessions}}
    shop.exports.write_text(yaml.safe_dump(config), encoding="utf-8")
    shop.write("orders_1.csv", "who,at,total\n")
    shop.write("visits_1.csv", "at\n")
    first = settle(shop)
    (shop.folder / "visits_1.csv").unlink()
    assert settle(shop) != first
    (shop.folder / "orders_1.csv").unlink()
    assert shop.look()[1] is not None
    assert "no file matches 'orders*.csv'" in str(shop.look()[1])


def test_an_error_forgets_nothing(shop: Shop) -> None:
    shop.write("orders_1.csv", "who,at,total\n")
    settle(shop)
    shop.exports.rename(shop.folder / "away.yml")
    assert "no such file" in (shop.look()[1] or "")
    (shop.folder / "away.yml").rename(shop.exports)
    assert shop.look() == ([], "no file is new or changed since the last run")


def test_the_cursor_is_small(shop: Shop) -> None:
    for number in range(200):
        shop.write(f"orders_{number}.csv", "")
    settle(shop)
    assert shop.cursor is not None
    assert len(shop.cursor) < 200
    assert set(json.loads(shop.cursor)) == {"seen", "started"}


def test_the_project_has_it_switched_off_and_watches_freshness(shop: Shop) -> None:
    definitions = build(shop.exports, shop.folder / "warehouse")
    sensor = definitions.resolve_sensor_def("new_files")
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
    assert sensor.job_name == "nightly"
    graph = definitions.resolve_asset_graph()
    for key in (["raw", "orders"], ["raw", "customers"], ["published", "marts"]):
        assert graph.get(dg.AssetKey(key)).freshness_policy is not None
