"""The last step: the marts as readers meet them."""

import dagster as dg

from ..warehouse.project import marts
from ..warehouse.publish import publish
from .resources import Shop


@dg.asset(
    key=["published", "marts"],
    deps=[["marts", mart] for mart in marts()],
    group_name="published",
    kinds={"duckdb"},
    pool="warehouse",
    description="marts.duckdb, swapped in whole once the last gate is green.",
)
def published(context: dg.AssetExecutionContext, shop: Shop) -> dg.MaterializeResult:
    """Publish the marts by one rename."""
    result = publish(shop.warehouse, shop.run.run_id)
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
