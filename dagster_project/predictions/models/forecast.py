"""What customers will order within a time ahead, and what it is worth, history by history."""

from dataclasses import dataclass

import numpy as np

from .fitting import Estimates
from .gamma_gamma import SpendModel
from .histories import Floats, Histories
from .intervals import Cells, order_bounds, total_bounds, value_bounds
from .mbg_nbd import PurchaseModel

DAYS_A_YEAR = 365.25


@dataclass(frozen=True, eq=False)
class Forecast:
    """Of each history, in its order; time in days.

    A customer's value is the weight times (v + total value of the repeat purchases), where v is
    the parameter of the spend model: so it is known for all customers of a history at once.

    Attributes:
        probability_alive: Probability that the customer has not left.
        orders: Expected orders; `low` and `high` bound them, 95 %.
        discounted_orders: The same with later orders counting less.
        value_weight: Of the discounted value; with bounds. None without a spend model.
        total, total_low, total_high: Of all customers together; bounds None where the parameters
            have no intervals.
    """

    probability_alive: Floats
    orders: Floats
    low: Floats
    high: Floats
    discounted_orders: Floats
    value_weight: Floats | None
    value_low_weight: Floats | None
    value_high_weight: Floats | None
    total: float
    total_low: float | None
    total_high: float | None


def forecast(
    model: PurchaseModel,
    estimates: Estimates,
    histories: Histories,
    horizon: float,
    spend: SpendModel | None = None,
    discount_rate: float = 0.0,
) -> Forecast:
    """Forecast `horizon` days from the end of observation; `discount_rate` is that of a year.

    Bounds of the value are drawn undiscounted and discounted as the expectation is.

    Raises ValueError for a horizon or rate below 0.
    """
    if horizon <= 0 or discount_rate < 0:
        raise ValueError("a horizon is above 0 and a discount rate not below")
    cells = Cells(histories)

    def orders_of(of: PurchaseModel) -> Floats:
        return (
            of.probability_alive(histories.frequency, histories.recency, histories.age)
            * of.orders_if_alive(cells.frequency, cells.age, horizon)[cells.place]
        )

    def total_of(of: PurchaseModel) -> float:
        return float((histories.customers * orders_of(of)).sum())

    alive = model.probability_alive(histories.frequency, histories.recency, histories.age)
    if_alive = model.orders_if_alive(cells.frequency, cells.age, horizon)
    orders = alive * if_alive[cells.place]
    low, high, square = order_bounds(model, cells, alive, horizon)
    variance = float((histories.customers * (alive * square[cells.place] - orders**2)).sum())
    bounds = total_bounds(total_of, variance, model, estimates)
    discounted = alive * _discounted(model, cells, horizon, discount_rate, if_alive)[cells.place]
    value = value_low = value_high = None
    if spend is not None and spend.has_mean:
        value = discounted * spend.weight(histories.frequency)
        discount = np.divide(discounted, orders, out=np.ones_like(orders), where=orders > 0)
        value_low, value_high = (
            bound * discount for bound in value_bounds(model, spend, cells, alive, horizon)
        )
    return Forecast(
        probability_alive=alive,
        orders=orders,
        low=low,
        high=high,
        discounted_orders=discounted,
        value_weight=value,
        value_low_weight=value_low,
        value_high_weight=value_high,
        total=float((histories.customers * orders).sum()),
        total_low=bounds[0] if bounds else None,
        total_high=bounds[1] if bounds else None,
    )


def expected_total(
    model: PurchaseModel, histories: Histories, horizons: list[float]
) -> list[float]:
    """Expected orders of all customers within each of many horizons."""
    cells = Cells(histories)
    alive = model.probability_alive(histories.frequency, histories.recency, histories.age)
    weights = np.bincount(cells.place, histories.customers * alive)
    return [
        float((weights * model.orders_if_alive(cells.frequency, cells.age, horizon)).sum())
        for horizon in horizons
    ]


def _discounted(
    model: PurchaseModel, cells: Cells, horizon: float, rate: float, undiscounted: Floats
) -> Floats:
    """Discounted orders if alive: the integral of exp(-force u) dN(u), N the expected orders.

    By parts it is exp(-force h) N(h) + force times the integral of exp(-force u) N(u), a
    correction so smooth that four points of Gauss and Legendre give it to eight digits.
    """
    force = np.log1p(rate) / DAYS_A_YEAR
    points, weights = np.polynomial.legendre.leggauss(4)
    total = np.exp(-force * horizon) * undiscounted
    for point, weight in zip((points + 1) / 2 * horizon, weights / 2 * horizon, strict=True):
        if force:
            orders = model.orders_if_alive(cells.frequency, cells.age, point)
            total += force * weight * np.exp(-force * point) * orders
    return total
