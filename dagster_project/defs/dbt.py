"""The dbt models as assets, in two steps with a gate between them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from ..dbt import NodeResult, ensure_manifest
from ..quality.suites import COUNTS, SHARES
from .resources import Shop, told

MANIFEST: Mapping[str, Any] = json.loads(ensure_manifest().read_text())
STAGING = "config.schema:staging"
MARTS = "config.schema:activity config.schema:marts"


class Translator(DagsterDbtTranslator):
    """Assets are keyed and grouped by their stage: raw, staging, activity, marts."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return dbt_resource_props["schema"]


@dbt_assets(
    manifest=MANIFEST,
    select=STAGING,
    name="staging",
    dagster_dbt_translator=Translator(),
    pool="warehouse",
)
def staging(context: dg.AssetExecutionContext, shop: Shop) -> Iterator[Any]:
    """Exports renamed, cast, deduplicated and tagged."""
    yield from _build(context, shop, STAGING)


@dbt_assets(
    manifest=MANIFEST,
    select=MARTS,
    name="marts",
    dagster_dbt_translator=Translator(),
    pool="warehouse",
)
def marts(context: dg.AssetExecutionContext, shop: Shop) -> Iterator[Any]:
    """Identity, activity and the marts."""
    yield from _build(context, shop, MARTS)


def mart_names() -> list[str]:
    """Every mart of the manifest."""
    nodes = MANIFEST["nodes"].values()
    return sorted(
        node["name"]
        for node in nodes
        if node["resource_type"] == "model" and node["schema"] == "marts"
    )


def marts_with_gates() -> list[str]:
    """The marts of which the gate asks something."""
    return [mart for mart in mart_names() if mart in SHARES or mart in COUNTS]


def _build(context: dg.AssetExecutionContext, shop: Shop, select: str) -> Iterator[Any]:
    with told():
        results = shop.dbt.build(select, shop.full_refresh)
    keys = {node: key for key, node in _unique_ids(context).items()}
    tables = _tables(shop)
    for result in results:
        if result.kind in ("model", "seed") and result.passed:
            key = keys[result.unique_id]
            yield dg.MaterializeResult(asset_key=key, metadata=_metadata(tables, key, result))
    checks = {
        spec.metadata["dagster_dbt/unique_id"]: spec.key for spec in context.assets_def.check_specs
    }
    for result in results:
        if result.kind == "test" and (key := checks.get(result.unique_id)):
            yield dg.AssetCheckResult(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=result.status == "pass",
                severity=dg.AssetCheckSeverity.WARN
                if result.status == "warn"
                else dg.AssetCheckSeverity.ERROR,
                metadata={"failures": result.failures, "message": result.message},
            )
    broken = [result for result in results if not result.passed and result.status != "skipped"]
    context.log.info(_summary(context.op_execution_context.op.name, results))
    if broken:
        lines = [f"{result.kind} {result.name}: {result.message}" for result in broken]
        raise dg.Failure(description="dbt: " + "\n".join(lines), allow_retries=False)


def _unique_ids(context: dg.AssetExecutionContext) -> dict[dg.AssetKey, str]:
    specs = context.assets_def.specs
    return {spec.key: spec.metadata["dagster_dbt/unique_id"] for spec in specs}


def _summary(step: str, results: list[NodeResult]) -> str:
    built = [result for result in results if result.kind != "test"]
    tests = [result for result in results if result.kind == "test"]
    return (
        f"{step}: {sum(r.passed for r in built)} of {len(built)} models,"
        f" {sum(r.passed for r in tests)} of {len(tests)} tests hold"
    )


def _tables(shop: Shop) -> dict[tuple[str, str], tuple[int, list[dg.TableColumn]]]:
    """Rows and columns of everything built, by one look at the file."""
    columns: dict[tuple[str, str], list[dg.TableColumn]] = {}
    with shop.warehouse.connect() as con:
        for schema, table, column, kind in con.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns()"
            " where not internal order by column_index"
        ).fetchall():
            columns.setdefault((schema, table), []).append(dg.TableColumn(column, kind))
        sizes = {
            (schema, table): size
            for schema, table, size in con.execute(
                "select schema_name, table_name, estimated_size from duckdb_tables()"
            ).fetchall()
        }
    return {name: (sizes.get(name, -1), found) for name, found in columns.items()}


def _metadata(
    tables: dict[tuple[str, str], tuple[int, list[dg.TableColumn]]],
    key: dg.AssetKey,
    result: NodeResult,
) -> dict[str, Any]:
    rows, columns = tables[(key.path[0], key.path[1])]
    metadata: dict[str, Any] = {
        "seconds": round(result.seconds, 3),
        "dagster/column_schema": dg.TableSchema(columns),
    }
    return metadata | ({"dagster/row_count": rows} if rows >= 0 else {})
