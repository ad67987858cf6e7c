"""The tables of forecasts: what dbt's sources say of them, and how rows get into them."""

from functools import cache
from typing import Any

import duckdb
import yaml

from ..settings import DBT_PROJECT

SOURCES_FILE = DBT_PROJECT / "models/predictions/_sources.yml"
#: Digits kept of a forecast. More would tell one machine's arithmetic from another's.
DIGITS = 8

Row = dict[str, Any]


@cache
def tables() -> dict[str, dict]:
    """The tables this step writes, as dbt's sources have them."""
    (source,) = yaml.safe_load(SOURCES_FILE.read_text())["sources"]
    return {table["name"]: table for table in source["tables"]}


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Empty tables in place of those of the run before."""
    con.execute("create schema if not exists predictions")
    for name, table in tables().items():
        columns = ", ".join(
            f"{column['name']} {column['data_type']}" for column in table["columns"]
        )
        con.execute(f"create or replace table predictions.{name} ({columns})")


def insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
    """Add rows to a table of `predictions`, numbers to DIGITS digits."""
    for row in rows:
        values = [
            float(rounded(value)) if isinstance(value, float) else value for value in row.values()
        ]
        named = ", ".join(f"? as {column}" for column in row)
        con.execute(f"insert into predictions.{table} by name select {named}", values)


def rounded(figures: Any) -> Any:
    """To DIGITS significant digits, an array or a number."""
    import numpy as np

    values = np.asarray(figures, float)
    size = np.floor(np.log10(np.maximum(np.abs(values), 1e-12)))
    scale = 10.0 ** (DIGITS - 1 - size)
    return np.round(values * scale) / scale
