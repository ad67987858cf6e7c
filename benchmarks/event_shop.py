"""A shop of nothing but events, drawn by the demo's simulator, as Parquet, and its load."""

import datetime as dt
import time
from pathlib import Path

import duckdb
import numpy as np
import yaml

from dagster_project.demo.draws.session_events import EVENT_NAMES
from dagster_project.demo.draws.shop import draw_shop
from dagster_project.demo.parameters import DAY, ShopParameters
from dagster_project.exports.config.load import load_config
from dagster_project.exports.contract import load_contract
from dagster_project.exports.loading.loader import Run, load_export, prepare
from dagster_project.warehouse.files import Warehouse
from dagster_project.warehouse.history import prepare_history

DAYS = 730
FIRST_DAY = dt.date(2023, 1, 1)
SHOPS = 20  # drawn one after the other, so that a draw fits in memory: a file each
#: A daily visit in every 27 days rather than in every 10: 20 events of a customer who is logged in.
VISIT_B = 52.0
RUN = Run("bench", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
CONFIG = {
    "settings": {"base_currency": "GBP"},
    "exports": {
        "events": {
            "files": "events/*.parquet",
            "delivered_at": str(FIRST_DAY + dt.timedelta(days=DAYS + 1)),
            "columns": {
                name: name
                for name in ("event_id", "session_id", "customer_id", "event_name", "occurred_at")
            },
        }
    },
}


def prepare_room(room: Path, customers: int) -> None:
    """Write the `exports.yml`, the events of 730 days, and apart from them those of one day more.

    Only what a customer did while logged in: whose the other events are is a question of identity,
    and not of what is measured.
    """
    for folder in ("events", "later"):
        (room / folder).mkdir()
    (room / "exports.yml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    for seed in range(SHOPS):
        _write_shop(room, seed, customers // SHOPS)


def deliver_next_day(room: Path) -> None:
    """The 731st day comes as one more file."""
    duckdb.sql(f"copy (from '{room}/later/*.parquet') to '{room}/events/next_day.parquet'")


def _write_shop(room: Path, seed: int, customers: int) -> None:
    parameters = ShopParameters(
        seed=seed, customers=customers, starts_on=FIRST_DAY, test_customers=0, visit_b=VISIT_B
    )
    events = draw_shop(parameters).events
    named = np.flatnonzero(events.customer >= 0)
    drawn = {  # noqa: F841  read by the query below
        "number": named,
        "session": events.session[named],
        "customer": events.customer[named],
        "name": events.name[named] + 1,
        "second": events.occurred_at[named],
    }
    end = (parameters.first_day + DAYS) * DAY
    for folder, of_its_days in (("events", f"second < {end}"), ("later", f"second >= {end}")):
        duckdb.sql(
            f"""copy (
                select
                    'e{seed}-' || number as event_id,
                    's{seed}-' || session as session_id,
                    'c{seed}-' || customer as customer_id,
                    {list(EVENT_NAMES)}[name] as event_name,
                    make_timestamp(second * 1000000) as occurred_at
                from drawn
                where {of_its_days}
            ) to '{room}/{folder}/shop_{seed:02}.parquet'"""
        )


def load(room: Path) -> float:
    """Load what is new into `build.duckdb`; the seconds it took."""
    started = time.perf_counter()
    config = load_config(room / "exports.yml")
    with Warehouse(room).connect() as con:
        prepare(con, config)
        for table in load_contract().tables:
            load_export(con, config, table, RUN)
        prepare_history(con, Warehouse(room).marts_file, RUN)
    return time.perf_counter() - started
