"""The purchase models, between the activity models and the marts that judge and use them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from ..predictions.purchases import predict
from ..predictions.renewals import project
from ..predictions.tables import tables
from .charts.pictures import alive_matrix
from .resources import Shop

if TYPE_CHECKING:
    from ..predictions.models.learning import Learnt

INPUTS = ("prediction_split", "purchase_groups", "spend_groups", "contract_cohorts")


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ["predictions", name],
            deps=[["predictions", model] for model in INPUTS],
            group_name="predictions",
            kinds={"python", "duckdb"},
            description=table["description"],
        )
        for name, table in tables().items()
    ],
    name="predictions",
    pool="warehouse",
)
def predictions(context: dg.AssetExecutionContext, shop: Shop) -> Iterator[dg.MaterializeResult]:
    """Fit on the first part of the history and on all of it, and forecast."""
    with shop.warehouse.connect() as con:
        learnt = predict(con, shop.variables)
        for part, found in learnt.items():
            context.log.info(f"predictions, {part}: {_told(found)}")
        for months, contracts in project(con, shop.variables).items():
            model = contracts.model
            fitted = f"alpha {model.alpha:.4g}, beta {model.beta:.4g}" if model else ""
            context.log.info(f"renewals, every {months} months: {contracts.reason or fitted}")
        for name in tables():
            (counted,) = con.execute(f"select count(*) from predictions.{name}").fetchall()
            metadata: dict[str, Any] = {"dagster/row_count": counted[0]}
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
