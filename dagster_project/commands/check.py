"""`retention check`: what the exports come to, in a database that is thrown away."""

import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from ..exports.config.load import ExportsConfig
from ..exports.contract import load_contract
from ..exports.loading.base_currency import base_currency
from ..exports.loading.loader import Run, load_export, prepare
from ..quality import rules
from ..warehouse.staged import Models, defaults
from ..warehouse.summary import summary

_RUN = Run("check", dt.datetime(1970, 1, 1))  # noqa: DTZ001


def check(config: ExportsConfig, limit: int | None = None) -> Iterator[str]:
    """Lines about the exports; with a `limit`, about so many rows of each file.

    Rows that are there twice or were superseded are left out as staging leaves them out. Raises
    ExportError where a run would stop at the exports.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        # in memory, and on disk past what a small machine has
        duckdb.connect(config={"temp_directory": folder, "memory_limit": "1800MB"}) as con,
    ):
        given = stage(con, config, limit)
        red = list(_red(con, config, given))
        yield from summary(con, config, "staging.implausible_facts", red)


def stage(
    con: duckdb.DuckDBPyConnection, config: ExportsConfig, limit: int | None = None
) -> dict[str, Any]:
    """Load the exports, and build of the models what says which of their rows count.

    Returns the vars that the models were built with.
    """
    con.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
    contract = load_contract()
    prepare(con, config)
    for name in contract.tables:
        load_export(con, config, name, _RUN, limit=limit)
    given = defaults() | config.dbt_vars()
    given["base_currency"] = given["base_currency"] or base_currency(con, config)
    models = Models(con, given)
    for name in config.exports:
        models.build(contract.tables[name].staged)
    models.build("implausible_facts")
    return given


def _red(
    con: duckdb.DuckDBPyConnection, config: ExportsConfig, given: Mapping[str, Any]
) -> Iterator[str]:
    """What a run's gates would stop at: more unreadable or held-back rows than are let through."""
    for name in config.exports:
        staged = f"staging.{load_contract().tables[name].staged}"
        for query, table in (
            (rules.rejected(name, given["max_rejected_share"]), "ledger.files"),
            (rules.quarantined(given["max_quarantined_share"]), staged),
        ):
            found = con.execute(query.format(batch=table)).fetchall()
            for of, rows, _, remedy, to_let_them_through in found[:1]:
                cure = remedy or f"else {to_let_them_through}"
                yield f"{name}: {rows} of {of} cannot be used, and a run stops there: {cure}"
