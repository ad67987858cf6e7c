"""Two nights of one shop, worked by hand: what the second changes of what the first had said.

First night. GBP 1 is worth EUR 2 by the shop's own rates; the published ones know no ARS. Order 3
stands in the hour that London's clocks showed twice. S is on the list of those left out, S2 was
merged into S; v is S's device, whose visit without a login stays nobody's.
Second night. orders_2 was taken away and is pruned, so C has no order any more; a late order of
A's moves its first day; B was merged into A. The rate is EUR 4, the list names D instead of S.
"""

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from dagster_project.commands.cli import GREEN, main
from dagster_project.warehouse.files import Warehouse

from ..support.shops import dagster_home

RATES = "currency,rate_date,units_per_euro\nGBP,2024-10-26,{}\nARS,2024-10-27,1000\n"
FILES = {
    "orders_1_2024-11-01.csv": "no,who,at,total,cur\n1,A,2024-10-26 10:00:00,10,GBP\n"
    "2,B,2024-10-26 11:00:00,20,EUR\n3,A,2024-10-27 01:30:00,3000,ARS\n"
    "4,S,2024-10-26 10:00:00,500,EUR\n5,S2,2024-10-26 10:00:00,600,EUR\n"
    "6,D,2024-10-26 10:00:00,40,EUR\n",
    "orders_2_2024-11-01.csv": "no,who,at,total,cur\n7,C,2024-10-26 10:00:00,70,EUR\n",
    "sessions_2024-11-01.csv": "sid,who,device,at\ns1,S,v,2024-10-26 09:00:00\n"
    "s2,,v,2024-10-26 09:30:00\n",
    "customers_2024-11-01.csv": "who,into\nS2,S\n",
    "rates.csv": RATES.format("0.5"),
    "staff.txt": "S\n",
}
CONFIG = {
    "settings": {
        "base_currency": "EUR",
        "as_of_date": "2024-10-31",
        "exchange_rates": "rates.csv",
        "exclude_customers": "staff.txt",
    },
    "exports": {
        "orders": {
            "files": "orders_*.csv",
            "time_zone": "Europe/London",
            "columns": {
                "order_id": "no",
                "customer_id": "who",
                "ordered_at": "at",
                "amount": "total",
                "currency": "cur",
            },
        },
        "sessions": {
            "files": "sessions_*.csv",
            "columns": {
                "session_id": "sid",
                "customer_id": "who",
                "anonymous_id": "device",
                "started_at": "at",
            },
        },
        "customers": {
            "files": "customers_*.csv",
            "columns": {"customer_id": "who", "merged_into": "into"},
        },
    },
}


@dataclass(frozen=True)
class Night:
    """What readers and the build file hold after a night."""

    value: list[tuple]
    quarantine: list[tuple]
    warnings: list[tuple]
    links: list[tuple]
    moves: list[tuple]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Night]]:
    folder = tmp_path_factory.mktemp("shop")
    home = os.environ.get("DAGSTER_HOME")
    os.environ["DAGSTER_HOME"] = str(dagster_home(tmp_path_factory.mktemp("dagster")))
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "exports.yml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    first = night(folder)
    (folder / "orders_2_2024-11-01.csv").unlink()
    late = "no,who,at,total,cur\n8,A,2024-10-20 10:00:00,5,EUR\n"
    (folder / "orders_3_2024-11-02.csv").write_text(late, encoding="utf-8")
    (folder / "customers_2024-11-02.csv").write_text("who,into\nB,A\n", encoding="utf-8")
    (folder / "rates.csv").write_text(RATES.format("0.25"), encoding="utf-8")
    (folder / "staff.txt").write_text("customer_id\nD\n", encoding="utf-8")
    yield [first, night(folder, "--prune")]
    if home is None:
        del os.environ["DAGSTER_HOME"]
    else:
        os.environ["DAGSTER_HOME"] = home


def night(folder: Path, *options: str) -> Night:
    """Run the command, and look."""
    warehouse = Warehouse(folder / "warehouse")
    places = ["--exports", str(folder / "exports.yml"), "--warehouse", str(warehouse.folder)]
    assert main(["run", *places, *options]) == GREEN
    with duckdb.connect(str(warehouse.marts_file), read_only=True) as con:
        value, quarantine, warnings = (
            con.execute(query).fetchall()
            for query in (
                "select customer_id, first_order_date, orders, net_revenue from customer_value"
                " order by all",
                "select export, reason, raw_value from quarantine order by all",
                "select export, occurrences from data_warnings"
                " where warning like '% is in the hour that clocks repeat' order by all",
            )
        )
    with warehouse.connect() as con:
        links = con.execute("select anonymous_id from core.identity_links").fetchall()
        moves = con.execute(
            "select customer_id, previous_date, first_order_date from ledger.first_order_moves"
            " order by all"
        ).fetchall()
    return Night(value, quarantine, warnings, links, moves)


def october(day: int) -> dt.date:
    return dt.date(2024, 10, day)


def test_own_rates_convert_and_new_ones_are_taken_up(nights: list[Night]) -> None:
    # 10 GBP and 3000 ARS; the next night the 20 of B, the late 5, and half the worth of a pound
    assert nights[0].value == [
        ("A", october(26), 2, Decimal(20 + 3)),
        ("B", october(26), 1, Decimal(20)),
        ("C", october(26), 1, Decimal(70)),
        ("D", october(26), 1, Decimal(40)),
    ]
    assert nights[1].value == [
        ("A", october(20), 4, Decimal(40 + 3 + 20 + 5)),
        ("S", october(26), 2, Decimal(1100)),
    ]


def test_who_is_on_the_list_is_held_back_and_told_apart(nights: list[Night]) -> None:
    reason = "customer_id is an excluded customer"
    assert nights[0].quarantine == [
        ("orders", reason, "S"),
        ("orders", reason, "S2"),
        ("sessions", reason, "S"),
    ]
    assert nights[1].quarantine == [("orders", reason, "D")]


def test_devices_of_those_left_out_are_nobodys(nights: list[Night]) -> None:
    assert nights[0].links == []
    assert nights[1].links == [("v",)]


def test_the_hour_that_came_twice_is_told(nights: list[Night]) -> None:
    assert nights[0].warnings == [("orders", 1), ("sessions", 0)]


def test_first_orders_that_moved_are_noted(nights: list[Night]) -> None:
    assert nights[0].moves == []
    assert nights[1].moves == [
        ("A", october(26), october(20)),
        ("B", october(26), None),
        ("C", october(26), None),
        ("D", october(26), None),
    ]
