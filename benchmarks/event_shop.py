"""A shop of nothing but simulated events, as Parquet files, and its load into a warehouse."""

import datetime as dt
import time
from pathlib import Path

import duckdb
import yaml

from dagster_project.exports.config import load_config
from dagster_project.exports.contract import load_contract
from dagster_project.exports.loader import Run, load_export, prepare
from dagster_project.history import prepare_history
from dagster_project.warehouse import Warehouse

DAYS = 730
FIRST_DAY = dt.date(2024, 1, 1)
CHUNK = 2_000_000  # events of a file
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


def prepare_room(room: Path) -> None:
    """Make place for the files, and write the `exports.yml` that names them."""
    (room / "events").mkdir()
    (room / "exports.yml").write_text(yaml.safe_dump(CONFIG))


def write_events(
    room: Path, start: int, stop: int, customers: int, days: int, first: int = 0
) -> None:
    """Events numbered from start to stop, as one file.

    A few customers do most of it; each starts on a day of their own and fades, a hundred and
    twenty days on average. Every number is a hash of the event's, so a file is the same each time.
    """
    duckdb.sql(
        f"""copy (
            with drawn as (
                select
                    i,
                    (pow(hash(i, 1) / 2e0**64, 2) * {customers})::bigint as customer,
                    (-ln(1 - hash(i, 2) / 2e0**64 * 0.999) * 120)::bigint as age,
                    hash(i, 3) % 100 as kind,
                    hash(i, 4) % 3600 as second_of_hour
                from range({start}, {stop}) as numbers(i)
            ),
            dated as (
                select *, least({days} - 1, hash(customer, 5) % ({days} * 5 // 6 + 1) + age) as day
                from drawn
            )
            select
                'e' || i as event_id,
                'c' || customer || '-' || day + {first} as session_id,
                'c' || customer as customer_id,
                case when kind < 70 then 'viewed' when kind < 90 then 'favourited' else 'bought' end
                    as event_name,
                timestamp '{FIRST_DAY}' + to_days((day + {first})::int)
                + to_hours((hash(customer, day) % 24)::int) + to_seconds(second_of_hour::int)
                    as occurred_at
            from dated
        ) to '{room}/events/events_{start:012}.parquet'"""
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
