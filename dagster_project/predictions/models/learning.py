"""All models of a shop at once, or the sentence that says why there are none."""

from dataclasses import dataclass

from numpy.typing import ArrayLike

from .fitting import Estimates, NotIdentifiable
from .gamma_gamma import SpendModel, fit_spend
from .histories import Histories
from .mbg_nbd import Kind, PurchaseModel, fit_purchases


@dataclass(frozen=True, eq=False)
class Learnt:
    """What the models have learnt from histories, or the reason why one has learnt nothing."""

    histories: Histories
    purchases: tuple[PurchaseModel, Estimates] | None = None
    spend: tuple[SpendModel, Estimates] | None = None
    orders_reason: str | None = None
    value_reason: str | None = None


def learn(
    histories: Histories,
    frequency: ArrayLike,
    mean_value: ArrayLike,
    customers: ArrayLike,
    kind: Kind,
    fewest: int,
) -> Learnt:
    """Fit orders, then their value; `fewest` repeat customers are needed for either.

    `frequency`, `mean_value` and `customers` are the bins that `fit_spend` takes.
    """
    try:
        if histories.repeaters < fewest:
            raise NotIdentifiable(
                f"customers who bought again: {histories.repeaters:.0f}, fewer than {fewest}"
                " (prediction_min_repeat_customers)"
            )
        purchases = fit_purchases(histories, kind)
    except NotIdentifiable as error:
        return Learnt(histories, orders_reason=str(error), value_reason=str(error))
    try:
        spend = fit_spend(frequency, mean_value, customers)
        _ = spend[0].population_mean
    except NotIdentifiable as error:
        return Learnt(histories, purchases, value_reason=str(error))
    return Learnt(histories, purchases, spend)
