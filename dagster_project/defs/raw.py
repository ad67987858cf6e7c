"""Exports and the raw tables they become."""

import datetime as dt
import html
import re
from collections.abc import Iterator

import dagster as dg
import duckdb
from pydantic import Field

from ..exports.contract import load_contract
from ..exports.errors import ExportError
from ..exports.loading.again import Again
from ..exports.loading.ledger import Loaded, deliveries
from ..exports.loading.loader import SHOWN, load_export, prepare
from ..exports.loading.missing_days import note_missing_days
from ..warehouse import builds
from ..warehouse.history import note_accepted, note_definitions, prepare_history
from .groups import GROUPS
from .resources import Shop, told
from .schedule import EVERY_NIGHT

CONTRACT = load_contract()
PREVIEW_ROWS = 5

exports = [
    dg.AssetSpec(
        ["exports", table.name],
        group_name="exports",
        owners=[GROUPS["exports"].owner],
        kinds={"file"},
        description=f"Files that exports.yml names. {table.description}",
    )
    for table in CONTRACT.tables.values()
]


class Reload(dg.Config):
    """Files to read again although they are known; of the launchpad, all of it optional."""

    files: list[str] = Field(
        [], description="Their names, as in `files` of exports.yml; * and ** match."
    )
    delivered_from: str = Field("", description="First day of the deliveries, as in 2024-03-01.")
    delivered_to: str = Field("", description="Last day of the deliveries.")

    def again(self) -> Again:
        """What is asked for. Raises ExportError where a day is none."""
        return Again(
            tuple(self.files),
            _day("delivered_from", self.delivered_from),
            _day("delivered_to", self.delivered_to),
        )


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ["raw", table.name],
            deps=[["exports", table.name]],
            group_name="exports",
            owners=[GROUPS["exports"].owner],
            kinds={"duckdb"},
            description=table.description,
            freshness_policy=EVERY_NIGHT,
        )
        for table in CONTRACT.tables.values()
    ]
    + [
        dg.AssetSpec(
            ["ledger", name],
            deps=[["exports", table] for table in CONTRACT.tables],
            group_name="exports",
            owners=[GROUPS["exports"].owner],
            kinds={"duckdb"},
            description=description,
        )
        for name, description in CONTRACT.ledger.items()
    ],
    can_subset=True,
    pool="warehouse",
)
def raw(
    context: dg.AssetExecutionContext, config: Reload, shop: Shop
) -> Iterator[dg.MaterializeResult]:
    """New and changed files into the raw tables, and those that are asked for."""
    with told(), shop.warehouse.connect() as con:
        prepare(con, shop.config)
        again = config.again()
        _check(con, shop, again)
        if damage := prepare_history(con, shop.warehouse.marts_file, shop.run):
            context.log.warning(
                f"{shop.warehouse.marts_file}: cannot be read ({damage}); this run publishes a new"
                " one"
            )
        for name in CONTRACT.tables:
            if ["raw", name] not in [list(key.path) for key in context.selected_asset_keys]:
                continue
            loaded = load_export(
                *(con, shop.config, name, shop.run),
                force=shop.full_refresh,
                prune=shop.prune,
                again=again,
            )
            if name in shop.config.exports:
                context.log.info(
                    f"raw.{name}: {loaded.rows:,} rows of {loaded.files} files"
                    f" ({loaded.files_read} new or changed), {loaded.rejected:,} rejected"
                    + (f", {loaded.filtered:,} left out by `where`" if loaded.filtered else "")
                )
            if loaded.dropped:
                context.log.info(
                    f"raw.{name}: {loaded.rows_dropped:,} rows of {len(loaded.dropped)} files left,"
                    f" which are pruned or no longer asked for: {', '.join(loaded.dropped[:5])}"
                    f"{' ...' if len(loaded.dropped) > 5 else ''}"
                )
            if loaded.vanished:
                context.log.warning(
                    f"raw.{name}: {len(loaded.vanished)} files are no longer there, their"
                    f" {sum(loaded.vanished.values()):,} rows stay:"
                    f" {', '.join(list(loaded.vanished)[:5])}"
                    f"{' ...' if len(loaded.vanished) > 5 else ''}; --prune takes them out"
                )
            if loaded.remapped:
                context.log.info(
                    f"raw.{name}: {len(loaded.remapped)} files are mapped in another way now and"
                    f" were read again: {', '.join(loaded.remapped[:SHOWN])}"
                    f"{' ...' if len(loaded.remapped) > SHOWN else ''}"
                )
            for file, reason in loaded.accepted.items():
                context.log.warning(
                    f"raw.{name}: {file} is gone; its rows stay as they were loaded under another"
                    f" mapping (accepted: {reason})"
                )
            note_accepted(
                con,
                shop.run,
                [f"{name}: {f}: mapping (accepted: {why})" for f, why in loaded.accepted.items()],
            )
            builds.note_raw(con, name)
            preview = con.execute(f"select * from raw.{name} limit {PREVIEW_ROWS}").fetchall()
            yield dg.MaterializeResult(
                asset_key=["raw", name], metadata=_metadata(name, loaded, preview)
            )
        for name, days in note_missing_days(con, shop.config).items():
            context.log.warning(
                f"raw.{name}: no rows of {len(days)} days ({days[0]} first) came;"
                " what needs them is marked incomplete"
            )
        given = shop.variables | shop.config.report_settings()
        note_definitions(con, shop.run, shop.dbt.definitions, given)
        for name in CONTRACT.ledger:
            builds.note_ledger(con, name)
            if dg.AssetKey(["ledger", name]) in context.selected_asset_keys:
                counted = con.execute(f"select count(*) from ledger.{name}").fetchone()
                rows = counted[0] if counted else 0
                yield dg.MaterializeResult(
                    asset_key=["ledger", name], metadata={"dagster/row_count": rows}
                )


def _check(con: duckdb.DuckDBPyConnection, shop: Shop, again: Again) -> None:
    """Raise ExportError where what is to be read again is not known, or not there."""
    known = {name: deliveries(con, name) for name in shop.config.exports}
    there = [
        file
        for name, files in known.items()
        for file in shop.config.files(name, known=[file for file, _ in files])
    ]
    again.check([delivery for files in known.values() for delivery in files], there)


def _day(setting: str, text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise ExportError(f"{setting}: {text} is no day; write it as in 2024-03-01") from None


def _metadata(name: str, loaded: Loaded, preview: list[tuple]) -> dict[str, dg.MetadataValue]:
    table = CONTRACT.tables[name]
    columns = [
        dg.TableColumn(column, kind, description=described(name, column))
        for column, kind in loaded.columns.items()
    ]
    # what else a shop exports about its customers may be personal too
    hidden = {c.name for c in table.columns.values() if c.is_personal or c.collects_rest}
    shown = [column for column in loaded.columns if column not in hidden]
    positions = [list(loaded.columns).index(column) for column in shown]
    return {
        "dagster/row_count": dg.MetadataValue.int(loaded.rows),
        "dagster/column_schema": dg.MetadataValue.table_schema(dg.TableSchema(columns)),
        "rejected": dg.MetadataValue.int(loaded.rejected),
        "left_out_by_where": dg.MetadataValue.int(loaded.filtered),
        "files": dg.MetadataValue.int(loaded.files),
        "rows_dropped": dg.MetadataValue.int(loaded.rows_dropped),
        "preview": dg.MetadataValue.md(
            markdown_table(shown, [[row[i] for i in positions] for row in preview])
        ),
    }


def described(name: str, column: str) -> str:
    """What the contract says about a raw column."""
    return (CONTRACT.tables[name].columns.get(column) or CONTRACT.provenance[column]).description


def markdown_table(columns: list[str], rows: list[list]) -> str:
    """A small table for Dagster's pages; empty columns are left out."""
    kept = [i for i in range(len(columns)) if any(row[i] is not None for row in rows)]
    if not kept:
        return "no rows"
    lines = [[as_text(columns[i]) for i in kept], ["---"] * len(kept)]
    lines += [["" if row[i] is None else as_text(row[i]) for i in kept] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def as_text(value: object) -> str:
    """A value of an export as Markdown that shows it and does nothing else: no link, no HTML."""
    plain = " ".join(html.escape(str(value), quote=False).split())
    return re.sub(r"([\\`*_\[\]()#|~!:])", r"\\\1", plain)
