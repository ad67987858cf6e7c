"""The dbt models as assets, in three steps, with a gate and the forecasts between them."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from ..quality.gates_marts import COUNTS, SHARES
from ..warehouse import project
from ..warehouse.dbt_runner import NodeResult
from ..warehouse.first_orders import note_first_orders
from .charts.pictures import picture
from .resources import Shop, told

MANIFEST = project.manifest()
STAGING = "config.schema:staging"
CORE = "retention.core retention.predictions.inputs"
MARTS = "retention.predictions.forecasts retention.marts"
#: The mart that says of each other one whether it has rows, and if not, why.
AVAILABILITY = "mart_availability"


class Translator(DagsterDbtTranslator):
    """Assets are keyed and grouped by their stage: raw, staging, activity, marts."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return dbt_resource_props["schema"]

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        # the manifest is parsed over a database that nobody opens; its name would mislead
        name = f"{dbt_resource_props['schema']}.{dbt_resource_props['name']}"
        return {**super().get_metadata(dbt_resource_props), "dagster/table_name": name}


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
    select=CORE,
    name="core",
    dagster_dbt_translator=Translator(),
    pool="warehouse",
)
def core(context: dg.AssetExecutionContext, shop: Shop) -> Iterator[Any]:
    """Who did what on which day, and what the purchase models learn from."""
    yield from _build(context, shop, CORE)


@dbt_assets(
    manifest=MANIFEST,
    select=MARTS,
    name="marts",
    dagster_dbt_translator=Translator(),
    pool="warehouse",
)
def marts(context: dg.AssetExecutionContext, shop: Shop) -> Iterator[Any]:
    """The marts, and what of the forecasts they may tell."""
    yield from _build(context, shop, MARTS)
    with shop.warehouse.connect() as con:
        if moves := note_first_orders(con, shop.run.run_id):
            context.log.info(str(moves))
    shop.dbt.mark_built()


def marts_with_gates() -> list[str]:
    """The marts of which the gate asks something."""
    return [mart for mart in project.marts() if mart in SHARES or mart in COUNTS]


def _build(context: dg.AssetExecutionContext, shop: Shop, select: str) -> Iterator[Any]:
    with told():
        results = shop.dbt.build(select, shop.full_refresh)
    keys = {node: key for key, node in _unique_ids(context).items()}
    built = [result for result in results if result.kind in ("model", "seed") and result.passed]
    for result, metadata in _metadata(context, shop, built):
        yield dg.MaterializeResult(asset_key=keys[result.unique_id], metadata=metadata)
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


def _metadata(
    context: dg.AssetExecutionContext, shop: Shop, built: list[NodeResult]
) -> list[tuple[NodeResult, dict[str, Any]]]:
    """Rows and a picture of everything built, by one look at the file.

    Columns stand in the definitions, as the yml beside each model has them.
    """
    with shop.warehouse.connect() as con:
        tables = set(con.execute("select schema_name, table_name from duckdb_tables()").fetchall())
        reasons = _reasons(con, built)
        found = []
        for result in built:
            node = MANIFEST["nodes"][result.unique_id]
            name = (node["schema"], node["name"])
            metadata: dict[str, Any] = {"seconds": round(result.seconds, 3)}
            if name in tables:  # counting a view would be running it again
                (counted,) = con.execute(f"select count(*) from {'.'.join(name)}").fetchall()
                metadata["dagster/row_count"] = counted[0]
            if node["schema"] == "marts" and (reason := reasons.get(node["name"])):
                metadata["empty_because"] = reason
            if shown := _picture(context, con, *name):
                metadata["picture"] = shown
            found.append((result, metadata))
    return found


def _reasons(con: duckdb.DuckDBPyConnection, built: list[NodeResult]) -> dict[str, str]:
    """Why marts are empty, as the mart that knows it tells."""
    if AVAILABILITY not in [result.name for result in built]:
        return {}
    empty = f"select mart, reason from marts.{AVAILABILITY} where not is_filled"
    return dict(con.execute(empty).fetchall())


def _picture(
    context: dg.AssetExecutionContext, con: duckdb.DuckDBPyConnection, schema: str, table: str
) -> dg.MetadataValue | None:
    if schema != "marts":
        return None
    try:
        return picture(table, con)
    except Exception as error:  # the marts stand without their pictures
        context.log.warning(f"no picture of {table}: {error}")
        return None
