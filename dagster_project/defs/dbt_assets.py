"""The dbt models as assets, in three steps, with a gate and the forecasts between them."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from ..warehouse import project
from ..warehouse.dbt_runner import NodeResult
from ..warehouse.remedies import remedy
from .charts.render import picture
from .groups import GROUPS
from .resources import USER_ERROR, Shop, told

if TYPE_CHECKING:
    from dagster_dbt import DbtProject

MANIFEST = project.manifest()
#: The mart that says for each of the others whether it has rows, and if not, why.
AVAILABILITY = "mart_availability"


class Translator(DagsterDbtTranslator):
    """Assets are keyed by where their table is, and grouped by the room they belong to."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return dg.AssetKey(project.relation(dbt_resource_props).split("."))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return project.family(dbt_resource_props)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return [GROUPS[project.family(dbt_resource_props)].owner]

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        # the manifest is parsed over a database that nobody opens; its name would mislead
        name = project.relation(dbt_resource_props)
        about = GROUPS[project.family(dbt_resource_props)].description
        return {
            **super().get_metadata(dbt_resource_props),
            "dagster/table_name": name,
            "group": about,
        }

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: "DbtProject | None",
    ) -> dg.AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=_tested(manifest["nodes"][unique_id]))


def _tested(test: Mapping[str, Any]) -> str:
    """What a dbt test checks, in words: singular tests say it in their first comment."""
    arguments = (test.get("test_metadata") or {}).get("kwargs", {})
    match (test.get("test_metadata") or {}).get("name"):
        case "unique_grain":
            return f"One row per {', '.join(arguments['columns'])}, none of them empty."
        case "unique":
            return f"No two rows have the same {arguments['column_name']}."
        case "not_null":
            return f"{arguments['column_name']} is never empty."
        case "accepted_values":
            values = ", ".join(str(value) for value in arguments["values"])
            return f"{arguments['column_name']} is one of {values}."
    lines = test["raw_code"].strip().splitlines()
    comment = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    return " ".join(comment) or test["name"]


def _step(name: str, select: str) -> dg.AssetsDefinition:
    """One dbt step: of what it could build, a run builds and tests what was selected."""

    @dbt_assets(
        manifest=MANIFEST,
        select=select,
        name=name,
        dagster_dbt_translator=Translator(),
        pool="warehouse",
    )
    def build(context: dg.AssetExecutionContext, shop: Shop) -> Iterator[Any]:
        yield from _build(context, shop)

    return build


staging = _step("staging", "fqn:retention.staging resource_type:seed")
core = _step("core", "fqn:retention.core fqn:retention.predictions.inputs")
marts = _step("marts", "fqn:retention.predictions.forecasts fqn:retention.marts")


def _build(context: dg.AssetExecutionContext, shop: Shop) -> Iterator[Any]:
    assets = {
        spec.metadata["dagster_dbt/unique_id"]: spec.key
        for spec in context.assets_def.specs
        if spec.key in context.selected_asset_keys
    }
    checks = {
        spec.metadata["dagster_dbt/unique_id"]: spec.key
        for spec in context.assets_def.check_specs
        if spec.key in context.selected_asset_check_keys
    }
    step = context.op_execution_context.op.name
    tally = _Tally()
    with told(), closing(shop.dbt.build([*assets, *checks], shop.full_refresh)) as results:
        for result in results:
            tally.add(result)
            if result.is_table and result.passed:
                key = assets[result.unique_id]
                yield dg.MaterializeResult(key, metadata=_metadata(context, shop, result))
                if result.name == AVAILABILITY:
                    yield from _reasons(shop)
            elif result.kind == "test" and result.status != "skipped":
                found = _check_result(checks[result.unique_id], result)
                if result.status == "warn":  # what failed is told at the end of the run
                    context.log.warning(found.description)
                yield found
    context.log.info(f"{step}: {tally}")
    if tally.broken:
        said = "\n".join(f"{r.kind} {r.name}: {r.message}" for r in tally.broken)
        remedies = {remedy(result.message) for result in tally.broken}
        if None in remedies:
            raise dg.Failure(description=f"dbt: {said}", allow_retries=False)
        said += "; ".join(["", *sorted(map(str, remedies))])
        raise dg.Failure(f"dbt: {said}", metadata={USER_ERROR: True}, allow_retries=False)


@dataclass
class _Tally:
    """How many models and tests there were, and what was wrong with any."""

    models: list[bool] = field(default_factory=list)
    tests: list[bool] = field(default_factory=list)
    broken: list[NodeResult] = field(default_factory=list)

    def add(self, result: NodeResult) -> None:
        """Count a node that has ended."""
        (self.models if result.is_table else self.tests).append(result.passed)
        if not result.passed and result.status != "skipped":
            self.broken.append(result)

    def __str__(self) -> str:
        return (
            f"{sum(self.models)} of {len(self.models)} models,"
            f" {sum(self.tests)} of {len(self.tests)} tests hold"
        )


def _check_result(key: dg.AssetCheckKey, result: NodeResult) -> dg.AssetCheckResult:
    is_warning = result.status == "warn"
    severity = "warning" if is_warning else "critical"
    table = ".".join(key.asset_key.path)
    tested = _tested(MANIFEST["nodes"][result.unique_id])
    said = f"{table}, {result.name}, {severity}: {tested} Found: {result.failures or 0:,}"
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=result.status == "pass",
        description=None if result.status == "pass" else said,
        severity=dg.AssetCheckSeverity.WARN if is_warning else dg.AssetCheckSeverity.ERROR,
        metadata={"failures": result.failures, "message": result.message},
    )


def _is_mart(result: NodeResult) -> bool:
    return MANIFEST["nodes"][result.unique_id]["schema"] == "marts"


def _metadata(context: dg.AssetExecutionContext, shop: Shop, result: NodeResult) -> dict[str, Any]:
    """Rows and a picture of what was just built, while dbt goes on.

    Columns are in the definitions, as the yml beside each model has them.
    """
    node = MANIFEST["nodes"][result.unique_id]
    metadata: dict[str, Any] = {"seconds": round(result.seconds, 3)}
    with shop.warehouse.connect() as con:
        if node["config"]["materialized"] != "view":  # counting one would be running it again
            counted = con.execute(f"select count(*) from {project.relation(node)}").fetchone()
            metadata["dagster/row_count"] = counted[0] if counted else 0
        if _is_mart(result) and (shown := _picture(context, con, node["name"])):
            metadata["picture"] = shown
    return metadata


def _reasons(shop: Shop) -> Iterator[dg.AssetObservation]:
    """Why marts are empty, shown beside each of them, from the mart that knows."""
    empty = f"select mart, reason from marts.{AVAILABILITY} where not is_filled order by mart"
    with shop.warehouse.connect() as con:
        reasons = con.execute(empty).fetchall()
    for mart, reason in reasons:
        yield dg.AssetObservation(["marts", mart], metadata={"empty_because": reason})


def _picture(
    context: dg.AssetExecutionContext, con: duckdb.DuckDBPyConnection, mart: str
) -> dg.MetadataValue | None:
    try:
        return picture(mart, con)
    except Exception as error:  # the marts are complete without their pictures
        context.log.warning(f"no picture of {mart}: {error}")
        return None
