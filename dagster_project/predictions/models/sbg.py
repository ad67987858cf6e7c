"""sBG, the shifted beta-geometric: how long subscribers renew (Fader & Hardie 2007).

At each renewal a customer leaves with a probability of their own, Beta(alpha, beta) among
customers. Those likely to leave do so first: the retention rate of a cohort rises with its age,
without anybody becoming more loyal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, hyp2f1, xlogy

from .fitting import BOUND, Estimates, NotIdentifiable, maximise
from .histories import Floats

START = {"alpha": 1.0, "beta": 1.0}
#: One rate of renewal is explained by any ratio of alpha to beta.
FEWEST_RENEWALS = 2
#: Parameters whose interval reaches beyond this factor are not determined by the cohorts.
LOOSE = 100


#: Shops drawn from a fitted model; the smallest share that they can tell is 1 in as many and one.
DRAWS = 400
#: One seed for all draws: the same exports give the same intervals.
SEED = 20071
#: A fit is rejected where fewer than this share of its own draws fit as badly.
REJECTED = 0.05
#: Steps of Newton's method, where a handful is the rule, and how often one is halved.
STEPS, HALVINGS = 200, 40


@dataclass(frozen=True)
class ContractModel:
    """The model with its parameters; time is counted in renewals.

    Parameters may be arrays of one shape (n, 1), for n models at once.
    """

    alpha: float | Floats
    beta: float | Floats

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
    due, renewed = renewals_seen(counted)
    if renewed.sum() == due.sum():
        raise NotIdentifiable("nobody has left yet")
    if not renewed.any():
        raise NotIdentifiable("nobody has renewed yet")
    customers = float(sum(left[0] for left in counted if len(left) > 1))
    found = maximise(
        lambda logs: _log_likelihood(logs, due, renewed), START, units={}, observations=customers
    )
    return ContractModel(**found.values), found


def renewals_seen(cohorts: Sequence[Floats]) -> tuple[Floats, Floats]:
    """By renewal, numbered from 1, the customers whose renewal was due, and who renewed."""
    ages = max((len(left) for left in cohorts), default=1)
    due, renewed = np.zeros(ages - 1), np.zeros(ages - 1)
    for left in cohorts:
        due[: len(left) - 1] += left[:-1]
        renewed[: len(left) - 1] += left[1:]
    return due, renewed


def _log_likelihood(logs: Floats, due: Floats, renewed: Floats) -> tuple[float, Floats]:
    """Of the logs of alpha and beta, with its gradient; by the odds of each renewal."""
    alpha, beta = np.exp(logs)
    stays = beta + np.arange(len(due))
    value = (renewed * np.log(stays) + (due - renewed) * np.log(alpha)).sum() - (
        due * np.log(alpha + stays)
    ).sum()
    by_sum = (due / (alpha + stays)).sum()
    gradient = np.array([(due - renewed).sum() / alpha - by_sum, (renewed / stays).sum() - by_sum])
    return float(value), gradient * np.exp(logs)


@dataclass(frozen=True, eq=False)
class DrawnContracts:
    """Models fitted to shops that were drawn from one model: a parametric bootstrap.

    Attributes:
        model: The fitted models, as one with arrays of shape (DRAWS, 1).
        share_as_bad: Share of shops, the real one among them, that a model fits as badly as it
            does the real one (likelihood ratio against a rate for each renewal); None where there
            are no more renewals than parameters.
    """

    model: ContractModel
    share_as_bad: float | None

    @property
    def rejects(self) -> bool | None:
        """Whether the cohorts are not as the model has them; None where that cannot be told."""
        return None if self.share_as_bad is None else self.share_as_bad < REJECTED

    def interval(self, figures: Floats) -> tuple[Floats, Floats]:
        """The 95 % interval of figures of `model`, of shape (DRAWS, n): each of shape (n,)."""
        low, high = np.quantile(figures, [0.025, 0.975], axis=0)
        return low, high


def draw_contracts(cohorts: Sequence[ArrayLike], model: ContractModel) -> DrawnContracts:
    """Draw shops with these cohorts' sizes and ages from the model, and fit a model to each.

    Efron & Tibshirani (1993), An introduction to the bootstrap, 6.5 and 13.3.
    """
    counted = [np.asarray(cohort, float) for cohort in cohorts]
    dice = np.random.default_rng(SEED)
    ages = max(len(left) for left in counted)
    due, renewed = np.zeros((DRAWS, ages - 1)), np.zeros((DRAWS, ages - 1))
    for left in counted:
        survival = model.survival(np.arange(len(left)))
        leaving = np.append(-np.diff(survival), survival[-1])
        lost = dice.multinomial(int(left[0]), leaving, size=DRAWS)[:, :-1].cumsum(axis=1)
        stayed = left[0] - lost
        due[:, : len(left) - 1] += np.column_stack([np.full(DRAWS, left[0]), stayed])[:, :-1]
        renewed[:, : len(left) - 1] += stayed
    drawn = _fit_many(due, renewed, model)
    real = renewals_seen(counted)
    if (real[0] > 0).sum() <= len(START):
        return DrawnContracts(drawn, None)
    badness = _likelihood_ratio(due, renewed, drawn)
    own = _likelihood_ratio(real[0][None, :], real[1][None, :], model)
    return DrawnContracts(drawn, float((1 + (badness >= own).sum()) / (1 + DRAWS)))


def _fit_many(due: Floats, renewed: Floats, start: ContractModel) -> ContractModel:
    """The models of greatest likelihood for many shops at once, by Newton's method in logs.

    Where customers hardly differ the likelihood is a narrow ridge: curvatures count by their size,
    so that every step leads up, and one that gains nothing is halved.
    """
    logs = np.tile([float(np.log(start.alpha)), float(np.log(start.beta))], (len(due), 1))
    for _ in range(STEPS):
        value, gradient, hessian = _around(logs, due, renewed)
        held = (np.abs(logs) > BOUND - 1e-3) & (gradient * logs > 0)
        gradient[held] = 0
        hessian[held[:, :, None] | held[:, None, :]] = 0
        curvatures, directions = np.linalg.eigh(hessian)
        sizes = np.maximum(np.abs(curvatures), 1e-9)
        step = directions @ (np.swapaxes(directions, 1, 2) @ gradient[..., None] / sizes[..., None])
        step = step[..., 0]
        step /= np.maximum(1, np.abs(step).max(axis=1, keepdims=True))
        for _ in range(HALVINGS):
            tried = np.clip(logs + step, -BOUND, BOUND)
            gains = _around(tried, due, renewed)[0] >= value
            step = np.where(gains[:, None], step, step / 2)
            if gains.all():
                break
        logs = np.where(gains[:, None], tried, logs)
        if np.abs(step).max() < 1e-9:
            break
    return ContractModel(*np.exp(logs).T[..., None])


def _around(logs: Floats, due: Floats, renewed: Floats) -> tuple[Floats, Floats, Floats]:
    """Log-likelihoods of shops, of shape (n,), their gradients and Hessians by the logs."""
    alpha, beta = np.exp(logs).T[..., None]
    stays = beta + np.arange(due.shape[1])
    lost = (due - renewed).sum(axis=1)
    value = (
        (renewed * np.log(stays)).sum(1) + lost * logs[:, 0] - (due * np.log(alpha + stays)).sum(1)
    )
    by_sum, by_square = (due / (alpha + stays)).sum(1), (due / (alpha + stays) ** 2).sum(1)
    alpha, beta = alpha[:, 0], beta[:, 0]
    gradient = np.column_stack([lost - alpha * by_sum, beta * ((renewed / stays).sum(1) - by_sum)])
    across = alpha * beta * by_square
    hessian = np.empty((len(logs), 2, 2))
    hessian[:, 0, 0] = gradient[:, 0] - lost + alpha**2 * by_square
    hessian[:, 1, 1] = gradient[:, 1] + beta**2 * (by_square - (renewed / stays**2).sum(1))
    hessian[:, 0, 1] = hessian[:, 1, 0] = across
    return value, gradient, hessian


def _likelihood_ratio(due: Floats, renewed: Floats, model: ContractModel) -> Floats:
    """Twice by how much a rate of its own for each renewal fits better, for each shop."""
    fitted = model.retention(np.arange(1.0, due.shape[1] + 1))
    lost = due - renewed
    with np.errstate(divide="ignore", invalid="ignore"):
        free = np.where(due > 0, renewed / due, 0.5)
    better = xlogy(renewed, free / fitted) + xlogy(lost, (1 - free) / (1 - fitted))
    return 2 * better.sum(axis=1)


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
