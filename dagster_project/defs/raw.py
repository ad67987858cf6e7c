"""Exports and the raw tables they become."""

import html
import re
from collections.abc import Iterator

import dagster as dg

from ..exports.contract import load_contract
from ..exports.loading.ledger import Loaded
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
def raw(context: dg.AssetExecutionContext, shop: Shop) -> Iterator[dg.MaterializeResult]:
    """New and changed files into the raw tables."""
    with told(), shop.warehouse.connect() as con:
        prepare(con, shop.config)
        if damage := prepare_history(con, shop.warehouse.marts_file, shop.run):
            context.log.warning(
                f"{shop.warehouse.marts_file}: cannot be read ({damage}); this run publishes a new"
                " one"
            )
        for name in CONTRACT.tables:
            if ["raw", name] not in [list(key.path) for key in context.selected_asset_keys]:
                continue
            loaded = load_export(
                con, shop.config, name, shop.run, force=shop.full_refresh, prune=shop.prune
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
