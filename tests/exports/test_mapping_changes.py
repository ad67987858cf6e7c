"""A mapping that changes: what it was loaded under before is loaded again, or the run says so."""

from pathlib import Path
from typing import Any

import pytest

from dagster_project.exports.errors import ExportError

from ..support.loading import COLUMNS, Shop

CSV = """id,who,at,sum,other,state
o1,c1,2024-05-01 10:00:00,10.00,11.00,paid
o2,c2,2024-05-02 23:30:00,20.00,22.00,void
o3,keine,2024-05-03 12:00:00,30.00,33.00,paid
"""
ROWS = "select * exclude (_run_id, _loaded_at) from raw.orders order by all"
CHANGES: dict[str, dict[str, Any]] = {
    "another column": {"columns": COLUMNS | {"amount": "other"}},
    "a column more": {"columns": COLUMNS | {"status": "state"}},
    "a column of SQL": {"columns": COLUMNS | {"amount": {"sql": "sum::double * 2"}}},
    "a constant": {"columns": COLUMNS | {"source": {"value": "web"}}},
    "cents": {"columns": COLUMNS | {"amount": {"name": "sum", "unit": "cents"}}},
    "hashed ids": {"columns": COLUMNS | {"customer_id": {"name": "who", "hash": True}}},
    "a time zone": {"time_zone": "America/New_York"},
    "a filter": {"where": "state = 'paid'"},
    "a select": {"select": "select * from {file} where id <> 'o2'"},
    "words for nothing": {"null_words": ["keine"]},
    "a currency": {"currency": "EUR"},
    "a delivery date": {"delivered_at": "2024-06-01"},
    "states": {
        "columns": COLUMNS | {"status": "state"},
        "status_map": {"paid": "counted", "void": "cancelled"},
    },
}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.write("a_2024-05-04.csv", CSV)
    shop.write("b_2024-05-05.csv", CSV.replace("o1", "p1"))
    return shop


@pytest.mark.parametrize("change", CHANGES)
def test_a_grown_warehouse_equals_a_fresh_one(shop: Shop, change: str) -> None:
    shop.load()
    loaded = shop.load(**CHANGES[change])
    assert loaded.remapped == ("a_2024-05-04.csv", "b_2024-05-05.csv")
    fresh = Shop(shop.folder)
    assert fresh.load(**CHANGES[change]).remapped == ()
    assert shop.ask(ROWS) == fresh.ask(ROWS)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("change", ["another column", "a time zone", "a filter"])
def test_what_is_gone_stops_by_name(shop: Shop, change: str, force: bool) -> None:
    shop.load("a*.csv")
    before = shop.ask(ROWS)
    (shop.folder / "a_2024-05-04.csv").unlink()
    told = r"exports.orders: a_2024-05-04.csv: loaded under another mapping.*--prune.*gate: mapping"
    with pytest.raises(ExportError, match=told):
        shop.load("a*.csv", force=force, **CHANGES[change])
    assert shop.ask(ROWS) == before
    assert shop.load("a*.csv").accepted == {}, "as it was mapped before it is no news"


def test_what_is_gone_may_stay_where_that_is_accepted(shop: Shop) -> None:
    shop.load()
    (shop.folder / "a_2024-05-04.csv").unlink()
    accept = [{"file": "a_*.csv", "gate": "mapping", "reason": "put away in May"}]
    loaded = shop.load(accept=accept, **CHANGES["another column"])
    assert loaded.accepted == {"a_2024-05-04.csv": "put away in May"}
    assert loaded.remapped == ("b_2024-05-05.csv",)
    assert shop.ask("select _file[1], sum(amount)::int from raw.orders group by 1 order by 1") == [
        ("a", 60),
        ("b", 66),
    ]


def test_what_is_pruned_needs_no_mapping(shop: Shop) -> None:
    shop.load()
    (shop.folder / "a_2024-05-04.csv").unlink()
    loaded = shop.load(prune=True, **CHANGES["another column"])
    assert (loaded.dropped, loaded.accepted) == (("a_2024-05-04.csv",), {})


def test_what_does_not_decide_rows_is_no_other_mapping(shop: Shop) -> None:
    shop.load()
    assert shop.load(negative_amounts="order").remapped == ()
