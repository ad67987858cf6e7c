"""The last step: the marts as readers see them."""

import dagster as dg

from ..exports.contract import load_contract
from ..exports.errors import ExportError
from ..quality.nights.findings import remember
from ..warehouse import builds
from ..warehouse.first_orders import note_first_orders
from ..warehouse.project import gate_bounds, marts
from ..warehouse.publish import publish
from .groups import GROUPS
from .resources import Shop, told
from .schedule import EVERY_NIGHT


@dg.asset(
    key=["published", "marts"],
    deps=[["marts", mart] for mart in marts()],
    group_name="operations",
    owners=[GROUPS["operations"].owner],
    kinds={"duckdb"},
    pool="warehouse",
    freshness_policy=EVERY_NIGHT,
    description="marts.duckdb, swapped in whole once the last gate is green.",
)
def published(context: dg.AssetExecutionContext, shop: Shop) -> dg.MaterializeResult:
    """Publish the marts by one rename, where every table is as a whole run would make it."""
    with told():
        with shop.warehouse.connect() as con:
            if shut := builds.ungated(con, _gated(shop)):
                raise ExportError(
                    "not published, since their gate has not let these tables pass as they are"
                    f" now: {', '.join(shut)}; run their check `gate`, or everything"
                    " (`retention run`)"
                )
        result = publish(shop.warehouse, shop.run.run_id, shop.dbt)
        with shop.warehouse.connect() as con:
            remember(con)
            if moves := note_first_orders(con, shop.run.run_id):
                context.log.info(str(moves))
    context.log.info(
        f"published {len(result.rows)} marts, {sum(result.rows.values()):,} rows:"
        f" {shop.warehouse.marts_file}"
    )
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(shop.warehouse.marts_file)),
            "bytes": result.size,
            "rows": dg.MetadataValue.table(
                [dg.TableRecord({"mart": name, "rows": n}) for name, n in result.rows.items()]
            ),
        }
    )


def _gated(shop: Shop) -> list[str]:
    """Every table that a gate guards, of the exports that are mapped."""
    contract = load_contract()
    mapped = [contract.tables[name] for name in shop.config.exports]
    return [
        *(f"raw.{table.name}" for table in mapped),
        *(f"staging.{table.staged}" for table in mapped),
        *(f"marts.{mart}" for mart in gate_bounds()),
    ]
