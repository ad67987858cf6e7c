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
    """Events numbered from start to stop, four of a visit, as one file.

    A few customers do most of it; each starts on a day of their own and fades, a hundred and
    twenty days on average. Every number is a hash of its own integer, so that a file is the same
    each time: two columns hashed together would not be independent of two others.
    """
    duckdb.sql(
        f"""copy (
            with visits as (
                select
                    i,
                    (pow({_drawn("i // 4", 1)}, 2) * {customers})::bigint as customer,
                    (-ln(1 - {_drawn("i // 4", 2)} * 0.999) * 120)::bigint as age,
                    ({_drawn("i // 4", 3)} * 23)::bigint as hour,
                    {_drawn("i", 4)} as kind,
                    ({_drawn("i", 5)} * 3599)::bigint as second_of_hour
                from range({start}, {stop}) as numbers(i)
            ),
            begun as (
                select *, ({_drawn("customer", 6)} * {days * 5 // 6})::bigint as first_day
                from visits
            ),
            dated as (
                select *, first_day + age % ({days} - first_day) + {first} as day from begun
            )
            select
                'e' || i as event_id,
                's' || i // 4 as session_id,
                'c' || customer as customer_id,
                case
                    when kind < 0.7 then 'viewed' when kind < 0.9 then 'favourited' else 'bought'
                end as event_name,
                timestamp '{FIRST_DAY}' + to_days(day::int)
                + to_hours(hour::int) + to_seconds(second_of_hour::int) as occurred_at
            from dated
        ) to '{room}/events/events_{start:012}.parquet'"""
    )


def _drawn(number: str, draw: int) -> str:
    """An expression for a number between 0 and 1, another one for each draw."""
    return f"(hash(({number}) * 8 + {draw}) / 2e0**64)"


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
