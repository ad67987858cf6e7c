"""The currency that figures are in, where `exports.yml` does not say so."""

import duckdb

from ..config.load import ExportsConfig
from ..errors import ExportError
from ..sql import identifier


def base_currency(con: duckdb.DuckDBPyConnection, config: ExportsConfig) -> str:
    """The only currency of the loaded exports; '' where none is named.

    Raises ExportError where several occur: the user has to say which one figures are in.
    """
    exports = con.execute(
        "select table_name from duckdb_columns()"
        " where schema_name = 'raw' and column_name = 'currency' order by table_name"
    ).fetchall()
    found: dict[str, list[str]] = {}
    for (export,) in exports:
        for (currency,) in con.execute(
            # what is not a code is quarantined, as it has no rate
            f"select distinct currency from raw.{identifier(export)}"
            " where regexp_full_match(currency, '[A-Z]{3}')"
        ).fetchall():
            found.setdefault(currency, []).append(export)
    if len(found) > 1:
        named = ", ".join(
            f"{currency} ({', '.join(found[currency])})" for currency in sorted(found)
        )
        raise ExportError(
            f"{config.path}: settings.base_currency: the exports are in {named}; "
            "name the one that figures shall be in"
        )
    return next(iter(found), "")
