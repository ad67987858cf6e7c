"""The loader's memory: which files were loaded with what result, and what settings add.

`ledger.files` remembers each file by content; `ledger.rejects` keeps every row that could not be
read, with file, line, column and reason.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from ..contract import Column, Contract, Table
from ..sql import identifier

_TABLES = """
create schema if not exists raw;
create schema if not exists ledger;
create table if not exists ledger.files (
    export varchar, file varchar, size bigint, sha256 varchar, mapping varchar,
    delivered_at date, columns varchar, rows_in_file bigint, rows_loaded bigint,
    rows_rejected bigint, run_id varchar, loaded_at timestamp
);
alter table ledger.files add column if not exists rows_in_repeated_hour bigint default 0;
alter table ledger.files add column if not exists rows_filtered bigint default 0;
create table if not exists ledger.rejects (
    export varchar, _file varchar, _line bigint, "column" varchar, reason varchar,
    value varchar, raw_line varchar, is_personal boolean, amount decimal(18, 4), currency varchar,
    moment timestamp, _delivered_at date, _run_id varchar
);
create table if not exists ledger.value_notes (
    export varchar, file varchar, "column" varchar, what varchar, reason varchar, rows bigint,
    first_line bigint, run_id varchar
);
create table if not exists ledger.studies (
    study varchar, start_activity varchar, return_activity varchar, entry varchar,
    min_occurrences integer, bucket varchar
);
create table if not exists ledger.own_exchange_rates (
    currency varchar, rate_date date, units_per_euro decimal(28, 12)
);
create table if not exists ledger.excluded_customers (customer_id varchar);
create table if not exists ledger.missing_days (export varchar, missing_date date);
"""


@dataclass(frozen=True)
class Loaded:
    """What one run did to one export: rows now in raw, and the files it had to read for that.

    `filtered` rows of the files are neither in raw nor rejected: `where` leaves them out.
    `dropped` are the files whose rows left raw, `rows_dropped` those rows, rejected ones included.
    `vanished` files are no longer there, but their rows (counted) stay until they are pruned.
    `remapped` files were read again since they are mapped in another way now; `accepted` ones are
    no longer there to be, with the reason why that may be.
    """

    export: str
    rows: int
    rejected: int
    filtered: int
    files: int
    files_read: int
    columns: dict[str, str]
    dropped: tuple[str, ...] = ()
    rows_dropped: int = 0
    vanished: Mapping[str, int] = field(default_factory=dict)
    remapped: tuple[str, ...] = ()
    accepted: Mapping[str, str] = field(default_factory=dict)


def create_ledger(con: duckdb.DuckDBPyConnection) -> None:
    """Make the schemas `raw` and `ledger`, and the ledger's tables."""
    con.execute(_TABLES)


def _stored(column: Column) -> str:
    """The column's type; customers' ids are written as they are.

    DuckDB looks for a dictionary of them, which takes a fifth of writing orders, and finds none.
    """
    packing = " using compression uncompressed" if column.name == "customer_id" else ""
    return column.duckdb_type + packing


def create_raw(con: duckdb.DuckDBPyConnection, table: Table, contract: Contract) -> None:
    """The raw table of the contract; one of an older contract is replaced, its files read again."""
    columns = [*table.columns.values(), *contract.provenance.values()]
    wanted = [(column.name, column.duckdb_type.upper().replace(" ", "")) for column in columns]
    present = con.execute(
        "select column_name, replace(data_type, ' ', '') from duckdb_columns()"
        " where schema_name = 'raw' and table_name = ? order by column_index",
        [table.name],
    ).fetchall()
    if present == wanted:
        return
    definition = ", ".join(f"{identifier(c.name)} {_stored(c)}" for c in columns)
    con.execute("begin")
    con.execute(f"create or replace table raw.{identifier(table.name)} ({definition})")
    con.execute("delete from ledger.files where export = ?", [table.name])
    con.execute("delete from ledger.rejects where export = ?", [table.name])
    con.execute("delete from ledger.value_notes where export = ? and what <> 'todo'", [table.name])
    con.execute("commit")


def known_files(con: duckdb.DuckDBPyConnection, export: str) -> dict[str, int]:
    """The files whose rows are in raw or among the rejects, and how many rows each had."""
    query = "select file, rows_in_file from ledger.files where export = ? order by file"
    return dict(con.execute(query, [export]).fetchall())


def deliveries(con: duckdb.DuckDBPyConnection, export: str) -> list[tuple[str, dt.date]]:
    """The files of an export that are loaded, each with the day of its delivery."""
    query = "select file, delivered_at from ledger.files where export = ? order by file"
    return con.execute(query, [export]).fetchall()


def drop_files(con: duckdb.DuckDBPyConnection, export: str, files: list[str]) -> None:
    """Take all rows of the files out, each file in a transaction of its own."""
    for file in files:
        con.execute("begin")
        delete_rows(con, export, file)
        con.execute("commit")


def delete_rows(con: duckdb.DuckDBPyConnection, export: str, file: str) -> None:
    """Take out all rows of a file, in the caller's transaction."""
    con.execute(f"delete from raw.{identifier(export)} where _file = ?", [file])
    con.execute("delete from ledger.rejects where export = ? and _file = ?", [export, file])
    con.execute("delete from ledger.value_notes where export = ? and file = ?", [export, file])
    con.execute("delete from ledger.files where export = ? and file = ?", [export, file])


def summary(
    con: duckdb.DuckDBPyConnection,
    export: str,
    files_read: int,
    dropped: Mapping[str, int],
    vanished: Mapping[str, int],
) -> Loaded:
    """What raw and the ledger hold of an export now."""
    row = con.execute(
        "select coalesce(sum(rows_loaded), 0), coalesce(sum(rows_rejected), 0),"
        " coalesce(sum(rows_filtered), 0), count(*)"
        " from ledger.files where export = ?",
        [export],
    ).fetchone()
    assert row is not None
    described = con.execute(f"describe raw.{identifier(export)}").fetchall()
    columns = {column: kind for column, kind, *_ in described}
    return Loaded(
        *(export, int(row[0]), int(row[1]), int(row[2]), row[3], files_read, columns),
        dropped=tuple(dropped),
        rows_dropped=sum(dropped.values()),
        vanished=vanished,
    )
