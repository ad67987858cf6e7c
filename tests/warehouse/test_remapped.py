"""A mapping that changes under a warehouse that grew: its marts are those of a fresh one.

That raw rows are equal is tested in `exports/test_mapping_changes.py`; here everything that is kept
between runs is behind the marts.
"""

import copy
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from dagster_project.exports.errors import ExportError
from dagster_project.warehouse.compare import compare

from ..support.increments import Deliveries, draw
from ..support.line import Line

Exports = dict[str, Any]


def option(export: str, **options: Any) -> Callable[[Exports], None]:
    """Another way of reading an export."""
    return lambda exports: exports[export].update(options)


def columns(export: str, **columns: Any) -> Callable[[Exports], None]:
    """Other columns of an export; None takes one away."""

    def change(exports: Exports) -> None:
        mapped = exports[export]["columns"]
        mapped.update(columns)
        for name in [name for name, column in columns.items() if column is None]:
            del mapped[name]

    return change


CHANGES: dict[str, Callable[[Exports], None]] = {
    "money from another column": columns("orders", amount="off", discount_amount=None),
    "money computed": columns("orders", amount={"sql": "try_cast(total as double) * 2"}),
    "money in cents": columns("orders", amount={"name": "total", "unit": "cents"}),
    "a discount more": columns("orders", discount_amount=None),
    "another customer": columns("orders", customer_id="device", anonymous_id=None),
    "hashed customers": columns("customers", customer_id={"name": "who", "hash": True}),
    "no devices": columns("sessions", anonymous_id=None),
    "no versions": columns("orders", updated_at=None),
    "no merges": columns("customers", merged_into=None),
    "no test customers": columns("customers", is_test=None),
    "a source more": columns("orders", source="state"),
    "a constant": columns("orders", channel={"value": "web"}),
    "other states": option("orders", status_map={"paid": "cancelled", "void": "counted"}),
    "another zone of orders": option("orders", time_zone="America/New_York"),
    "another zone of events": option("events", time_zone="Asia/Tokyo"),
    "fewer orders": option("orders", where="state <> 'waiting'"),
    "chosen visits": option("sessions", select="select * from {file} where who is not null"),
    "words for nothing": option("customers", null_words=["DE"]),
    "another currency": columns("orders", currency={"value": "GBP"}),
    "a later delivery": option("customers", delivered_at="2024-09-01"),
}
#: One that moves money, one that moves days, one that moves people.
IN_EVERY_TEST_RUN = {"money computed", "another zone of orders", "hashed customers"}


@pytest.fixture(scope="module")
def shop() -> Deliveries:
    """Orders, sessions, events and customers of sixty people, in one go."""
    return draw(seed=0, steps=2)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, shop: Deliveries) -> Line:
    """The shop, run by its first mapping; `before` is its warehouse then."""
    line = Line(tmp_path_factory.mktemp("remapped"))
    run(line, shop.config, shop)
    shutil.copytree(line.warehouse.folder, line.folder / "before")
    return line


@pytest.fixture
def grown(line: Line) -> Line:
    """The shop as the first mapping left it."""
    shutil.rmtree(line.warehouse.folder)
    shutil.copytree(line.folder / "before", line.warehouse.folder)
    return line


def changed(shop: Deliveries, change: Callable[[Exports], None]) -> dict[str, Any]:
    config = copy.deepcopy(shop.config)
    change(config["exports"])
    return config


def run(line: Line, config: dict[str, Any], shop: Deliveries) -> None:
    line.deliver(config, shop.files)
    line.run(tested=False)
    line.publish()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in IN_EVERY_TEST_RUN else pytest.mark.nightly)
        for name in CHANGES
    ],
)
def test_the_marts_are_those_of_a_fresh_warehouse(grown: Line, shop: Deliveries, name: str) -> None:
    config = changed(shop, CHANGES[name])
    run(grown, config, shop)
    marts = grown.warehouse.build_file.replace(grown.folder / "grown_build.duckdb")
    grown.start_anew()
    run(grown, config, shop)
    assert [str(d) for d in compare(marts, grown.warehouse.build_file) if not d.is_equal] == []
    moved = [d for d in compare(grown.folder / "before/build.duckdb", marts) if not d.is_equal]
    assert moved, "a change that no figure tells of proves nothing"


def test_what_cannot_be_loaded_again_stops_by_name(grown: Line, shop: Deliveries) -> None:
    (grown.folder / "orders_2024-03-01.csv").unlink()
    grown.deliver(changed(shop, CHANGES["money computed"]), {})
    with pytest.raises(ExportError, match=r"orders_2024-03-01\.csv: loaded under another mapping"):
        grown.run(tested=False)
