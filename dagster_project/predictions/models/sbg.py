"""sBG, the shifted beta-geometric: how long subscribers renew (Fader & Hardie 2007).

At each renewal a customer leaves with a probability of their own, Beta(alpha, beta) among
customers. Those likely to leave do so first: the retention rate of a cohort rises with its age,
without anybody becoming more loyal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma, hyp2f1

from .fitting import Estimates, NotIdentifiable, maximise
from .histories import Floats

START = {"alpha": 1.0, "beta": 1.0}
#: One rate of renewal is explained by any ratio of alpha to beta.
FEWEST_RENEWALS = 2
#: Parameters whose interval reaches beyond this factor are not determined by the cohorts.
LOOSE = 100


@dataclass(frozen=True)
class ContractModel:
    """The model with its parameters; time is counted in renewals."""

    alpha: float
    beta: float

    def survival(self, periods: ArrayLike) -> Floats:
        """Share of a cohort that is left after this many renewals; 1 after none."""
        t = np.asarray(periods, float)
        return np.exp(betaln(self.alpha, self.beta + t) - betaln(self.alpha, self.beta))

    def retention(self, period: ArrayLike) -> Floats:
        """Share of those left before the renewal, numbered from 1, that are left after it."""
        t = np.asarray(period, float)
        return (self.beta + t - 1) / (self.alpha + self.beta + t - 1)

    def discounted_residual_lifetime(self, renewals: ArrayLike, rate: float) -> Floats:
        """Renewals still to come of a customer who has renewed so often, discounted.

        The next renewal, due now, counts whole; `rate` is the discount rate of a period, above 0.
        Fader & Hardie (2010), Customer-base valuation in a contractual setting, eq. 6.

        Raises ValueError for a rate of 0 or less: without discount the sum may have no end.
        """
        if rate <= 0:
            raise ValueError("renewals are discounted at a rate above 0")
        n = np.asarray(renewals, float)
        first = (self.beta + n) / (self.alpha + self.beta + n)
        return first * hyp2f1(1, self.beta + n + 1, self.alpha + self.beta + n + 1, 1 / (1 + rate))


def fit_contracts(cohorts: Sequence[ArrayLike]) -> tuple[ContractModel, Estimates]:
    """The model of greatest likelihood that all cohorts share.

    Args:
        cohorts: Of each cohort the customers left: at the start, after one renewal, after two,
            ... Cohorts may be of different ages.

    Raises ValueError for cohorts that grow, NotIdentifiable where nobody left or nobody stayed.
    """
    counted = [np.asarray(cohort, float) for cohort in cohorts]
    for left in counted:
        if left.ndim != 1 or not np.isfinite(left).all() or (left < 0).any():
            raise ValueError("a cohort is a row of counts")
        if (np.diff(left) > 0).any():
            raise ValueError("a cohort cannot grow")
    counted = [left for left in counted if len(left) > 1 and left[0] > 0]
    lost = sum(left[0] - left[-1] for left in counted)
    if not lost:
        raise NotIdentifiable("nobody has left yet")
    if not any(left[1:].any() for left in counted):
        raise NotIdentifiable("nobody has renewed yet")
    ages = max(len(left) for left in counted)
    # customers by the renewal at which they left, and by the one up to which they were seen to stay
    left_at, stayed = np.zeros(ages), np.zeros(ages)
    for left in counted:
        left_at[1 : len(left)] += left[:-1] - left[1:]
        stayed[len(left) - 1] += left[-1]
    t = np.arange(1.0, ages)

    def log_likelihood(logs: Floats) -> tuple[float, Floats]:
        alpha, beta = np.exp(logs)
        start = betaln(alpha, beta)
        value = (left_at[1:] * (betaln(alpha + 1, beta + t - 1) - start)).sum() + (
            stayed[1:] * (betaln(alpha, beta + t) - start)
        ).sum()
        seen = left_at[1:] + stayed[1:]
        by_sum = (seen * (digamma(alpha + beta) - digamma(alpha + beta + t))).sum()
        gradient = np.array(
            [
                by_sum + left_at[1:].sum() * (digamma(alpha + 1) - digamma(alpha)),
                by_sum
                + (left_at[1:] * (digamma(beta + t - 1) - digamma(beta))).sum()
                + (stayed[1:] * (digamma(beta + t) - digamma(beta))).sum(),
            ]
        )
        return float(value), gradient * np.exp(logs)

    customers = float(sum(left[0] for left in counted))
    found = maximise(log_likelihood, START, units={}, observations=customers)
    return ContractModel(**found.values), found


@dataclass(frozen=True, eq=False)
class LearntContracts:
    """What cohorts say about renewals: a model, or the sentence that says why there is none."""

    model: ContractModel | None = None
    estimates: Estimates | None = None
    reason: str | None = None


def learn_contracts(cohorts: Sequence[ArrayLike]) -> LearntContracts:
    """As `fit_contracts`, with a reason in place of parameters that the cohorts leave open."""
    renewals = max((len(np.atleast_1d(cohort)) - 1 for cohort in cohorts), default=0)
    if renewals < FEWEST_RENEWALS:
        return LearntContracts(
            reason=f"complete renewals seen: {max(renewals, 0)}, fewer than {FEWEST_RENEWALS}"
        )
    try:
        model, estimates = fit_contracts(cohorts)
    except NotIdentifiable as error:
        return LearntContracts(reason=str(error))
    intervals = estimates.intervals()
    if intervals is None or any(high > LOOSE**2 * low for low, high in intervals.values()):
        return LearntContracts(reason="subscribers differ too little to tell alpha and beta apart")
    return LearntContracts(model, estimates)
