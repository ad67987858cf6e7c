"""What a safe load costs, side by side with DuckDB's bare readers.

CSV: five million order rows. Bare is `create table as select * from read_csv(...)` with the types
given. The loader adds rejects, accounting against an independent count of lines, content hashes for
duplicates, and provenance; staging adds the choice among duplicate versions. dbt's start, the same
for ten rows, is not timed.
Parquet: six million events, against the bare read into a table and the same with an md5 of each
row.

    python -m benchmarks.loading [csv|parquet] [--rows N] [--runs 3]
"""

import argparse
import datetime as dt
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import yaml

from dagster_project.exports.config.load import load_config
from dagster_project.exports.contract import load_contract
from dagster_project.exports.loading.loader import Run, load_export, prepare
from dagster_project.settings import OFFLINE
from dagster_project.warehouse import project
from dagster_project.warehouse.dbt_runner import Dbt

RUN = Run("bench", dt.datetime(2024, 2, 1, tzinfo=dt.UTC))
TYPES = {
    "order_id": "varchar",
    "customer": "varchar",
    "created_at": "timestamp",
    "status": "varchar",
    "amount": "decimal(18, 4)",
    "currency": "varchar",
    "sku": "varchar",
}
CSV = {
    "settings": {"base_currency": "GBP"},
    "exports": {
        "orders": {
            "files": "orders.csv",
            "delivered_at": "2024-02-01",
            "columns": {
                "order_id": "order_id",
                "customer_id": "customer",
                "ordered_at": "created_at",
                "status": "status",
                "amount": "amount",
                "currency": "currency",
                "product_id": "sku",
            },
        }
    },
}
PARQUET = {
    "exports": {
        "events": {
            "files": "events.parquet",
            "delivered_at": "2024-02-01",
            "columns": {
                "event_id": "id",
                "anonymous_id": "visitor",
                "customer_id": "customer",
                "occurred_at": "time",
                "event_name": "name",
                "session_id": "visit",
            },
        }
    },
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("format", nargs="?", choices=("csv", "parquet"), default="csv")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    os.environ.update(OFFLINE)
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room)
        config = folder / "exports.yml"
        config.write_text(
            yaml.safe_dump(CSV if given.format == "csv" else PARQUET), encoding="utf-8"
        )
        work: dict[str, Callable[[Path], None]]
        if given.format == "csv":
            _write_orders(folder / "orders.csv", given.rows or 5_000_000)
            dbt = Dbt(folder / "build.duckdb", folder / "dbt", load_config(config).dbt_vars())
            dbt.parse()
            work = {
                "bare": _bare_csv,
                "load": partial(_load, tables=["orders"]),
                "load and staging": partial(_load_and_stage, dbt=dbt),
            }
        else:
            _write_events(folder / "events.parquet", given.rows or 6_000_000)
            md5 = "md5(concat_ws(chr(31), id, visitor, customer, time, name, visit))"
            work = {
                "bare": partial(_bare_parquet, columns="*"),
                "bare and md5": partial(_bare_parquet, columns=f"*, {md5} as _content"),
                "load": partial(_load, tables=["events"]),
            }
        clocks = {"wall": time.perf_counter, "CPU": time.process_time}
        seconds = {(name, clock): list[float]() for clock in clocks for name in work}
        for _ in range(given.runs):
            for name, do in work.items():
                (folder / "build.duckdb").unlink(missing_ok=True)
                started = {clock: read() for clock, read in clocks.items()}
                do(folder)
                for clock, read in clocks.items():
                    seconds[name, clock].append(read() - started[clock])
        for (name, clock), times in seconds.items():
            median = statistics.median(times)
            share = median / statistics.median(seconds["bare", clock])
            shown = ", ".join(f"{t:.1f}" for t in sorted(times))
            print(f"{name:20} {clock:4} median {median:5.1f} s  ({share:.2f} x bare)  of {shown}")


def _write_orders(path: Path, rows: int) -> None:
    """Orders of 300,000 customers over two years, one in a hundred delivered twice."""
    duckdb.sql(
        f"""copy (
            select
                'O' || (i - (i % 100 = 99)::int) as order_id,
                'C' || (hash(i - (i % 100 = 99)::int) % 300000) as customer,
                strftime(timestamp '2022-01-01' + to_seconds((hash((i - (i % 100 = 99)::int) * 7)
                    % 63072000)::int), '%Y-%m-%d %H:%M:%S') as created_at,
                'completed' as status,
                ((hash((i - (i % 100 = 99)::int) * 3) % 100000) / 100.0)::decimal(18, 2) as amount,
                'GBP' as currency,
                'sku' || (hash(i - (i % 100 = 99)::int) % 1000) as sku
            from range({rows}) as numbers(i)
        ) to '{path}' (header)"""
    )


def _write_events(path: Path, rows: int) -> None:
    """Events of 400,000 visitors over two years, one in ten of a customer."""
    duckdb.sql(
        f"""copy (
            select
                'e' || i as id,
                md5((hash(i // 7) % 400000)::varchar) as visitor,
                case when i % 10 = 0 then 'C' || (hash(i // 7) % 40000) end as customer,
                timestamptz '2022-01-01 00:00:00+00' + to_seconds((i * 63072000 // {rows})::int)
                    as time,
                ['page_view', 'search', 'add_to_cart', 'purchase'][(1 + hash(i) % 4)::int] as name,
                'v' || (i // 7) as visit
            from range({rows}) as numbers(i)
        ) to '{path}' (format parquet)"""
    )


def _bare_csv(folder: Path) -> None:
    with duckdb.connect(str(folder / "build.duckdb")) as con:
        file = folder / "orders.csv"
        con.execute(f"create table orders as select * from read_csv('{file}', types = {TYPES})")


def _bare_parquet(folder: Path, columns: str) -> None:
    with duckdb.connect(str(folder / "build.duckdb")) as con:
        con.execute(f"create table events as select {columns} from '{folder / 'events.parquet'}'")


def _load(folder: Path, tables: list[str]) -> None:
    config = load_config(folder / "exports.yml")
    with duckdb.connect(str(folder / "build.duckdb")) as con:
        prepare(con, config)
        for table in tables:
            load_export(con, config, table, RUN)


def _load_and_stage(folder: Path, dbt: Dbt) -> None:
    _load(folder, [*load_contract().tables])
    wanted = project.with_ancestors(["model.retention.stg_order_rows"])
    results = list(dbt.build(wanted.keys() & project.tables().keys()))
    if not all(result.passed for result in results):
        raise SystemExit([result for result in results if not result.passed])


if __name__ == "__main__":
    main()
