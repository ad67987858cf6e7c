"""Gamma-Gamma: what an order of a customer is worth (Fader & Hardie 2013, after Colombo & Jiang).

Orders of a customer vary about a mean of their own, Gamma(p, nu), and the means among customers,
nu ~ Gamma(q, v). A customer's own mean is drawn towards that of all, the more the fewer their
orders. Assumes that value and frequency are unrelated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaln

from .fitting import Estimates, NotIdentifiable, maximise
from .histories import Floats

START = {"p": 2.0, "q": 3.0, "v": 1.0}


@dataclass(frozen=True)
class SpendModel:
    """The model with its parameters; `v` carries the unit of money."""

    p: float
    q: float
    v: float

    @property
    def has_mean(self) -> bool:
        """Whether the mean over all customers is finite: q above 1."""
        return self.q > 1

    @property
    def population_mean(self) -> float:
        """Expected value of an order of a customer about whom nothing is known.

        Raises NotIdentifiable where it is not finite.
        """
        if not self.has_mean:
            raise NotIdentifiable("values vary so much that their mean is not finite")
        return self.p * self.v / (self.q - 1)

    def weight(self, frequency: ArrayLike) -> Floats:
        """Times (v + total value of the repeat purchases), this is an order's expected value."""
        return self.p / (self.p * np.asarray(frequency, float) + self.q - 1)

    def expected_value(self, frequency: ArrayLike, mean_value: ArrayLike) -> Floats:
        """Expected value of an order, given `frequency` repeat purchases of `mean_value`.

        `mean_value` is ignored where frequency is 0.
        """
        x = np.asarray(frequency, float)
        return (self.v + np.where(x > 0, x * np.asarray(mean_value), 0.0)) * self.weight(x)


def fit_spend(
    frequency: ArrayLike, mean_value: ArrayLike, customers: ArrayLike | None = None
) -> tuple[SpendModel, Estimates]:
    """The model of greatest likelihood, of customers with repeat purchases of a value above 0.

    Args:
        frequency: Repeat purchases, 1 or more.
        mean_value: Their mean value.
        customers: How many customers a row stands for. Rows may be bins of similar values: with 64
            of them to a factor of e, the parameters stay the same to four digits.

    Raises ValueError for other rows, NotIdentifiable where there are none, or the values do not
    vary.
    """
    x, z = np.asarray(frequency, float), np.asarray(mean_value, float)
    w = np.ones_like(x) if customers is None else np.asarray(customers, float)
    if not np.isfinite([x, z, w]).all() or (x < 1).any() or (z <= 0).any() or (w <= 0).any():
        raise ValueError("spend is fitted on repeat purchases of a value above 0")
    if len(x) < 2 or np.ptp(z) <= 1e-9 * z.max():
        raise NotIdentifiable("the values of repeat purchases do not vary")
    observations = float(w.sum())
    mean = float((w * z).sum() / observations)
    found = maximise(
        _LogLikelihood(x, z / mean, w), START, units={"v": mean}, observations=observations
    )
    log_likelihood = found.log_likelihood - observations * np.log(mean)
    estimates = Estimates(
        found.values, found.covariance, log_likelihood, found.at_bound, found.evaluations
    )
    return SpendModel(**found.values), estimates


class _LogLikelihood:
    """Gamma-Gamma in logs of p, q and v; what depends on frequency alone is summed once for each.

    Of one customer: Gamma(px + q) / (Gamma(px) Gamma(q)) v^q z^(px - 1) x^(px) /
    (v + xz)^(px + q).
    """

    def __init__(self, frequency: Floats, mean_value: Floats, customers: Floats) -> None:
        self.x, self.place = np.unique(frequency, return_inverse=True)
        self.customers = customers
        self.by_x = np.bincount(self.place, customers)
        self.spent = frequency * mean_value
        self.log_z = (customers * np.log(mean_value)).sum()
        self.x_log_spent = (customers * frequency * np.log(self.spent)).sum()

    def __call__(self, logs: Floats) -> tuple[float, Floats]:
        p, q, v = np.exp(logs)
        x, by_x, total = self.x, self.by_x, self.by_x.sum()
        power = p * x + q
        log_sum = np.bincount(self.place, self.customers * np.log(v + self.spent))
        inverse_sum = np.bincount(self.place, self.customers / (v + self.spent))
        value = (
            (by_x * (gammaln(power) - gammaln(p * x))).sum()
            + total * (q * np.log(v) - gammaln(q))
            + p * self.x_log_spent
            - self.log_z
            - (power * log_sum).sum()
        )
        rise = digamma(power)
        gradient = np.array(
            [
                (by_x * x * (rise - digamma(p * x))).sum() + self.x_log_spent - (x * log_sum).sum(),
                (by_x * rise).sum() + total * (np.log(v) - digamma(q)) - log_sum.sum(),
                total * q / v - (power * inverse_sum).sum(),
            ]
        )
        return float(value), gradient * np.exp(logs)
