"""What people read: a page of the published marts."""

import dagster as dg

from ..report.page import write_report
from .groups import GROUPS
from .publish import published
from .resources import Shop, told
from .schedule import EVERY_NIGHT


@dg.asset(
    key=["published", "report"],
    deps=[published],
    group_name="operations",
    owners=[GROUPS["operations"].owner],
    kinds={"html"},
    pool="warehouse",
    freshness_policy=EVERY_NIGHT,
    description="report/index.html: the published marts as one page that needs nothing but itself.",
)
def report(context: dg.AssetExecutionContext, shop: Shop) -> dg.MaterializeResult:
    """Make the page anew; where that fails, the marts stay published and the page as it was."""
    page = shop.warehouse.report_file
    with told():
        size = write_report(shop.warehouse.marts_file, page)
    context.log.info(f"report, {size / 1e6:.1f} MB: {page}")
    return dg.MaterializeResult(
        metadata={
            "page": dg.MetadataValue.url(page.as_uri()),
            "path": dg.MetadataValue.path(str(page)),
            "bytes": size,
        }
    )
