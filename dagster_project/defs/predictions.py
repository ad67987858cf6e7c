"""The purchase models, between the core models and the marts that judge and use them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from ..predictions.purchases import predict
from ..predictions.renewals import project
from ..predictions.tables import Forecasts, learnt_from, tables
from ..warehouse import builds
from .charts.render import alive_matrix
from .groups import GROUPS
from .resources import Shop, told

if TYPE_CHECKING:
    from ..predictions.models.learning import Learnt


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ["predictions", name],
            deps=[["predictions", model] for model in learnt_from()],
            group_name="predictions",
            owners=[GROUPS["predictions"].owner],
            kinds={"python", "duckdb"},
            description=table["description"],
        )
        for name, table in tables().items()
    ],
    name="predictions",
    can_subset=True,
    pool="warehouse",
)
def predictions(context: dg.AssetExecutionContext, shop: Shop) -> Iterator[dg.MaterializeResult]:
    """Fit on the first part of the history and on all of it, and forecast."""
    wanted = sorted(key.path[-1] for key in context.selected_asset_keys)
    with told(), shop.warehouse.connect() as con:
        builds.require(con, [f"predictions.{model}" for model in learnt_from()])
        con.execute("set preserve_insertion_order = false")
        con.execute("begin")
        into = Forecasts(con, wanted)
        for part, found in predict(into, shop.variables).items():
            context.log.info(f"predictions, {part}: {_told(found)}")
        for months, contracts in project(into, shop.variables).items():
            model = contracts.model
            fitted = f"alpha {model.alpha:.4g}, beta {model.beta:.4g}" if model else ""
            context.log.info(f"renewals, every {months} months: {contracts.reason or fitted}")
        builds.finish(con, [f"predictions.{name}" for name in wanted], shop.dbt.definitions)
        con.execute("commit")
        for name in wanted:
            counted = con.execute(f"select count(*) from predictions.{name}").fetchone()
            metadata: dict[str, Any] = {"dagster/row_count": counted[0] if counted else 0}
            if name == "forecasts":
                metadata["picture"] = alive_matrix(con)
            yield dg.MaterializeResult(asset_key=["predictions", name], metadata=metadata)


def _told(learnt: "Learnt") -> str:
    customers = f"{learnt.histories.total:,.0f} customers"
    if not learnt.purchases:
        return f"{customers}, not predicted: {learnt.orders_reason}"
    fitted = ", ".join(f"{k} {v:.4g}" for k, v in learnt.purchases[1].values.items())
    value = "" if learnt.spend else f"; no value: {learnt.value_reason}"
    return f"{customers}, {fitted} (days){value}"
