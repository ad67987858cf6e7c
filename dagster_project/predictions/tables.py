"""The tables of forecasts: what dbt's sources say about them, and how rows get into them."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import duckdb

from ..settings import DBT_PROJECT, own_yaml

SOURCES_FILE = DBT_PROJECT / "models/predictions/_sources.yml"
#: Digits kept of a forecast. More would differ from machine to machine.
DIGITS = 8

Row = dict[str, Any]


@cache
def _source() -> dict[str, Any]:
    (source,) = own_yaml(SOURCES_FILE)["sources"]
    return source


def tables() -> dict[str, dict]:
    """The tables this step writes, as dbt's sources have them."""
    return {table["name"]: table for table in _source()["tables"]}


def learnt_from() -> list[str]:
    """The models whose rows the forecasts are learnt from."""
    return list(_source()["config"]["meta"]["learnt_from"])


class Forecasts:
    """The tables of a run that are wanted, empty at first; rows of others are left out.

    Args:
        con: The build file, in a transaction of the caller's.
        wanted: Names of `tables()`; all of them unless said otherwise.
    """

    def __init__(
        self, con: duckdb.DuckDBPyConnection, wanted: Collection[str] | None = None
    ) -> None:
        self.con = con
        self.wanted = frozenset(tables() if wanted is None else wanted)
        con.execute("create schema if not exists predictions")
        for name in sorted(self.wanted):
            columns = ", ".join(
                f"{column['name']} {column['data_type']}" for column in tables()[name]["columns"]
            )
            con.execute(f"create or replace table predictions.{name} ({columns})")

    def insert(self, table: str, rows: list[Row]) -> None:
        """Add rows, numbers to DIGITS digits."""
        for row in rows if table in self.wanted else ():
            values = [
                float(rounded(value)) if isinstance(value, float) else value
                for value in row.values()
            ]
            named = ", ".join(f"? as {column}" for column in row)
            self.con.execute(f"insert into predictions.{table} by name select {named}", values)

    def insert_columns(self, table: str, columns: Mapping[str, Any], **same: Any) -> None:
        """Add rows given as arrays of equal length; `same` is the same in all of them."""
        if table in self.wanted:
            self.con.register("given", dict(columns))
            constants = ", ".join(f"${name} as {name}" for name in same)
            self.con.execute(
                f"insert into predictions.{table} by name select {constants}, given.* from given",
                same,
            )
            self.con.unregister("given")


def rounded(figures: Any) -> Any:
    """To DIGITS significant digits, an array or a number."""
    import numpy as np

    values = np.asarray(figures, float)
    size = np.floor(np.log10(np.maximum(np.abs(values), 1e-12)))
    scale = 10.0 ** (DIGITS - 1 - size)
    return np.round(values * scale) / scale
