"""How far off a forecast may be: for a customer, and for all of them together."""

from collections.abc import Callable

import numpy as np

from .fitting import LEVEL, Estimates, Z
from .gamma_gamma import SpendModel
from .histories import Floats, Histories
from .mbg_nbd import PurchaseModel

#: Draws of the value of a customer, and the seed that makes them the same every time.
DRAWS, SEED = 1000, 20_051_101
#: Customers whose chances of an order differ by less than a factor of e^(1/32) share their draws.
CELLS_PER_E = 32
#: Cells drawn at a time, which bounds memory.
BATCH = 1000
#: Probability of so many orders below which counting further adds nothing.
UNLIKELY = 1e-5

LOW, HIGH = (1 - LEVEL) / 2, (1 + LEVEL) / 2


class Cells:
    """The distinct pairs of frequency and age of histories.

    Whoever is alive keeps ordering as these two say; recency only says whether they are alive.
    There are far fewer pairs than histories.

    Attributes:
        frequency, age: Of each pair.
        place: Of each history, its pair.
    """

    def __init__(self, histories: Histories) -> None:
        # one complex number sorts as a pair, at a tenth of the cost of sorting rows
        pairs, self.place = np.unique(histories.frequency + 1j * histories.age, return_inverse=True)
        self.frequency, self.age = pairs.real.copy(), pairs.imag.copy()


def order_bounds(
    model: PurchaseModel, cells: Cells, alive: Floats, horizon: float
) -> tuple[Floats, Floats, Floats]:
    """95 % bounds of each history's orders within `horizon`, and the mean square if alive.

    The bounds are exact quantiles of the predictive distribution, the parameters taken as known:
    whole numbers, so that they hold the actual figure more often than in 95 of 100 cases. The
    mean square is of each cell, not of each history.
    """
    low, high = np.zeros_like(alive), np.zeros_like(alive)
    square = np.zeros_like(cells.age)
    at_least = np.ones_like(cells.age)
    going, open_ = np.arange(len(cells.age)), np.arange(len(alive))
    j = 0
    while len(going):
        j += 1
        at_least[going] = model.probability_at_least(
            j, cells.frequency[going], cells.age[going], horizon
        )
        square[going] += (2 * j - 1) * at_least[going]
        reached = alive[open_] * at_least[cells.place[open_]]
        low[open_] += reached > 1 - LOW
        high[open_] += reached > 1 - HIGH
        open_ = open_[reached > 1 - HIGH]
        going = going[at_least[going] > UNLIKELY]
    return low, high, square


def value_bounds(
    model: PurchaseModel, spend: SpendModel, cells: Cells, alive: Floats, horizon: float
) -> tuple[Floats, Floats]:
    """95 % bounds of the value of each history's orders within `horizon`, by draws.

    In units of (v + total value of the repeat purchases): the sum of k orders is Gamma(pk) over
    the customer's nu, which is Gamma(q + px) over just that. So histories are drawn, not
    customers, and the draws of those alive serve all recencies.
    """
    chances = np.log(horizon / (model.alpha + cells.age))
    shared = np.round(chances * CELLS_PER_E) / CELLS_PER_E
    drawn, place = np.unique(cells.frequency + 1j * shared, return_inverse=True)
    frequency, ahead = drawn.real.copy(), np.exp(drawn.imag)
    # the quantile over all of them is a lower one of those alive: the rest order nothing
    levels = [1 - (1 - level) / np.maximum(alive, 1e-300) for level in (LOW, HIGH)]
    ranks = [np.ceil(np.maximum(level, 0) * DRAWS).astype(int) - 1 for level in levels]
    bounds = [np.zeros_like(alive), np.zeros_like(alive)]
    of_history = place[cells.place]
    order = np.argsort(of_history, kind="stable")
    starts = np.searchsorted(of_history[order], np.arange(0, len(frequency) + BATCH, BATCH))
    rng = np.random.default_rng(SEED)
    for batch, first in enumerate(range(0, len(frequency), BATCH)):
        rows = slice(first, first + BATCH)
        values = _draw_values(model, spend, frequency[rows], ahead[rows], rng)
        values.sort(axis=1)
        members = order[starts[batch] : starts[batch + 1]]
        for bound, rank in zip(bounds, ranks, strict=True):
            found = values[of_history[members] - first, np.clip(rank[members], 0, DRAWS - 1)]
            bound[members] = np.where(rank[members] >= 0, found, 0.0)
    return bounds[0], bounds[1]


def _draw_values(
    model: PurchaseModel,
    spend: SpendModel,
    frequency: Floats,
    ahead: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Draws of customers alive, a row for each cell; `ahead` is horizon over (alpha + age).

    What a customer is like depends on frequency alone, so cells of one frequency share customers.
    """
    distinct, place = np.unique(frequency, return_inverse=True)
    shape, x = (len(distinct), DRAWS), distinct[:, None]
    passed = model.b + x + (model.kind == "mbg")
    rate = rng.standard_gamma(model.r + x, shape)
    last = rng.geometric(np.clip(rng.beta(model.a, passed, shape), 1e-15, 1))
    spending = rng.standard_gamma(spend.q + spend.p * x, shape)
    orders = np.minimum(rng.poisson(rate[place] * ahead[:, None]), last[place])
    return rng.standard_gamma(spend.p * orders) / spending[place]


def total_bounds(
    expected: Callable[[PurchaseModel], float],
    variance: float,
    model: PurchaseModel,
    estimates: Estimates,
) -> tuple[float, float] | None:
    """95 % bounds of a total; None where the parameters have no intervals.

    Adds up what the customers' luck contributes, `variance`, and what the parameters' does, by
    the delta method in their logs. It does not cover what the model itself gets wrong: for that,
    the error of the holdout is shown beside it.
    """
    if estimates.covariance is None:
        return None
    names, step = list(estimates.values), 1e-4
    slopes = []
    for name in names:
        sides = [
            PurchaseModel(
                **estimates.values | {name: estimates.values[name] * np.exp(side)}, kind=model.kind
            )
            for side in (step, -step)
        ]
        slopes.append((expected(sides[0]) - expected(sides[1])) / (2 * step))
    gradient = np.array(slopes)
    error = np.sqrt((gradient * (estimates.covariance * gradient).sum(axis=1)).sum() + variance)
    total = expected(model)
    return max(0.0, total - Z * error), total + Z * error
