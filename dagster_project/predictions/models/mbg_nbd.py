"""MBG/NBD and BG/NBD: who is still a customer, and how often those will buy.

While alive, a customer buys at random at a rate of their own, Gamma(r, alpha) among customers;
after a purchase they leave for good with a probability of their own, Beta(a, b). In BG/NBD
(Fader, Hardie & Lee 2005) nobody leaves after the first purchase, so whoever bought once is alive
for ever; in MBG/NBD (Batislam, Denizel & Filiztekin 2007) they may. Both are one model that counts
the chances to leave differently: `n` = repeat purchases, and one more in MBG/NBD.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaln, digamma, expit, gammaln, hyp2f1

from .fitting import Estimates, NotIdentifiable, maximise
from .histories import Floats, Histories

Kind = Literal["mbg", "bg"]

START = {"r": 0.5, "alpha": 0.5, "a": 1.0, "b": 2.0}
#: How far the removable singularity at a = 1 is stepped around: errors of 1e-10.
STEP = 1e-5
#: When the sum that replaces the closed form may end.
NEGLIGIBLE, LONGEST_SUM = 1e-12, 100_000


@dataclass(frozen=True)
class PurchaseModel:
    """The model with its parameters; `alpha` carries the unit of time.

    Figures of customers are arrays (or numbers) that broadcast: `frequency`, `recency` and `age`
    as in Histories, `horizon` the time ahead.
    """

    r: float
    alpha: float
    a: float
    b: float
    kind: Kind = "mbg"

    def probability_alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Probability that a customer has not left; always 1 at frequency 0 in BG/NBD."""
        x, recent, old = (np.asarray(v, float) for v in (frequency, recency, age))
        chances = _chances(x, self.kind)
        with np.errstate(divide="ignore"):
            log_odds_left = np.where(
                chances > 0, np.log(self.a) - np.log(np.maximum(self.b + chances - 1, 0)), -np.inf
            ) + (self.r + x) * (np.log(self.alpha + old) - np.log(self.alpha + recent))
        return expit(-log_odds_left)

    def orders_if_alive(self, frequency: ArrayLike, age: ArrayLike, horizon: ArrayLike) -> Floats:
        """Expected purchases within `horizon` of customers known to be alive at its start.

        With n chances passed, k = r + x, c = a + b + n - 1 and z = horizon / (alpha + age +
        horizon), this is c / (a - 1) [1 - (1 - z)^k 2F1(k, b + n; c; z)]. The plain form
        overflows for large x and near z = 1; Euler's transformation, 2F1(k, b + n; c; z) =
        (1 - z)^(a - 1 - k) 2F1(a - 1, c - k; c; z), does not, as its parameters stay small.
        """
        x, old, ahead = np.broadcast_arrays(
            *(np.asarray(v, float) for v in (frequency, age, horizon))
        )
        return _orders_if_alive(self, x, old, ahead)

    def expected_orders(
        self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, horizon: ArrayLike
    ) -> Floats:
        """Expected purchases within `horizon`, given the history."""
        alive = self.probability_alive(frequency, recency, age)
        return alive * self.orders_if_alive(frequency, age, horizon)

    def expected_repeats(self, age: ArrayLike) -> Floats:
        """Expected repeat purchases of a new customer, about whom nothing is known, until `age`."""
        return self.expected_orders(0.0, 0.0, 0.0, age)

    def probability_at_least(
        self, orders: ArrayLike, frequency: ArrayLike, age: ArrayLike, horizon: ArrayLike
    ) -> Floats:
        """Probability of `orders` (from 1) or more purchases within `horizon`, if alive.

        Rate and probability to leave are independent given a history that ends alive, so it is
        the probability that the order-th arrival comes in time, a beta prime of Gamma(orders) over
        Gamma(r + x), times the probability that none of the purchases before it was the last.
        """
        j, x, old, ahead = (np.asarray(v, float) for v in (orders, frequency, age, horizon))
        passed = self.b + _chances(x, self.kind)
        in_time = betainc(j, self.r + x, ahead / (self.alpha + old + ahead))
        return in_time * np.exp(betaln(self.a, passed + j - 1) - betaln(self.a, passed))


def fit_purchases(histories: Histories, kind: Kind = "mbg") -> tuple[PurchaseModel, Estimates]:
    """The model of greatest likelihood for the histories.

    Raises NotIdentifiable where nobody bought twice or no time has passed: then any rate and any
    probability to leave explain the data equally well.
    """
    if not histories.total or not histories.repeaters:
        raise NotIdentifiable("nobody has bought a second time")
    mean_age = float((histories.age * histories.customers).sum() / histories.total)
    if mean_age == 0:
        raise NotIdentifiable("no time has passed since the first purchases")
    scaled = _Distinct(histories.scaled(1 / mean_age), kind)
    found = maximise(
        lambda logs: _log_likelihood(logs, scaled),
        START,
        units={"alpha": mean_age},
        observations=histories.total,
    )
    # a density per unit of time for each repeat purchase
    repeats = float((histories.frequency * histories.customers).sum())
    log_likelihood = found.log_likelihood - repeats * np.log(mean_age)
    estimates = Estimates(
        found.values, found.covariance, log_likelihood, found.at_bound, found.evaluations
    )
    return PurchaseModel(**found.values, kind=kind), estimates


def log_likelihood(model: PurchaseModel, histories: Histories) -> float:
    """Log-likelihood of the histories under the model."""
    logs = np.log([model.r, model.alpha, model.a, model.b])
    return _log_likelihood(logs, _Distinct(histories, model.kind))[0]


def _chances(frequency: Floats, kind: Kind) -> Floats:
    return frequency + (kind == "mbg")


class _Distinct:
    """Histories with what depends on frequency alone set apart: it is needed once for each."""

    def __init__(self, histories: Histories, kind: Kind) -> None:
        self.histories = histories
        self.x, self.place = np.unique(histories.frequency, return_inverse=True)
        self.customers = np.bincount(self.place, histories.customers)
        self.chances = _chances(self.x, kind)


def _log_likelihood(logs: Floats, data: _Distinct) -> tuple[float, Floats]:
    """Log-likelihood and its gradient, in logs of r, alpha, a and b.

    Of one history: Gamma(r + x) alpha^r / Gamma(r) times the sum of still being alive,
    B(a, b + n) / B(a, b) (alpha + age)^-(r + x), and having left after the last purchase,
    B(a + 1, b + n - 1) / B(a, b) (alpha + recency)^-(r + x), the latter with n > 0. Sums are
    plain, since a threaded library may add in any order.
    """
    r, alpha, a, b = np.exp(logs)
    x, n, place, customers = data.x, data.chances, data.place, data.histories.customers
    common = (
        gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        + gammaln(a + b) - gammaln(a + b + n) + gammaln(b + n) - gammaln(b)
    )  # fmt: skip
    could_leave = n > 0
    before_last = np.where(could_leave, b + n - 1, 1.0)
    log_odds = np.where(could_leave, np.log(a) - np.log(before_last), -np.inf)
    until_age = alpha + data.histories.age
    until_recency = alpha + data.histories.recency
    power = (r + x)[place]
    alive = -power * np.log(until_age)
    left = log_odds[place] - power * np.log(until_recency)
    either = np.logaddexp(alive, left)
    value = (data.customers * common).sum() + (customers * either).sum()

    weight_left = customers * np.exp(left - either)
    weight_alive = customers - weight_left
    left_by_x = np.bincount(place, weight_left, minlength=len(x))
    by_sum = digamma(a + b) - digamma(a + b + n)
    gradient = np.array(
        [
            (data.customers * (digamma(r + x) - digamma(r) + np.log(alpha))).sum()
            - (weight_alive * np.log(until_age) + weight_left * np.log(until_recency)).sum(),
            customers.sum() * r / alpha
            - (power * (weight_alive / until_age + weight_left / until_recency)).sum(),
            (data.customers * by_sum).sum() + left_by_x.sum() / a,
            (data.customers * (by_sum + digamma(b + n) - digamma(b))).sum()
            - (left_by_x[could_leave] / before_last[could_leave]).sum(),
        ]
    )
    return float(value), gradient * np.exp(logs)


def _orders_if_alive(model: PurchaseModel, x: Floats, age: Floats, horizon: Floats) -> Floats:
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    if abs(a - 1) < STEP:
        below, above = (
            _orders_if_alive(PurchaseModel(r, alpha, a + side, b, model.kind), x, age, horizon)
            for side in (-2 * STEP, 2 * STEP)
        )
        return (below + above) / 2
    n = _chances(x, model.kind)
    c = a + b + n - 1
    c = np.where(np.abs(c) < 1e-9, 1e-9, c)  # c 2F1 tends to a limit where c does to 0
    z = horizon / (alpha + age + horizon)
    with np.errstate(over="ignore", invalid="ignore"):
        series = hyp2f1(a - 1, c - r - x, c, z)
        orders = c / (a - 1) * (1 - np.exp((a - 1) * np.log1p(-z)) * series)
    orders = np.where(horizon > 0, orders, 0.0)
    lost = ~np.isfinite(orders)
    if lost.any():  # a of a hundred and more: all customers leave equally soon
        orders[lost] = _summed(model, x[lost], age[lost], horizon[lost])
    return np.maximum(orders, 0.0)


def _summed(model: PurchaseModel, x: Floats, age: Floats, horizon: Floats) -> Floats:
    """The same expectation as the sum of the probabilities of 1, 2, ... purchases or more."""
    total = np.zeros_like(x)
    for j in range(1, LONGEST_SUM):
        term = model.probability_at_least(j, x, age, horizon)
        total += term
        if (term <= NEGLIGIBLE * total).all():
            break
    return total
