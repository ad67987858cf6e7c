"""Bootstrap-t intervals of means, by numpy, from the customers and the draws that hashes give."""

from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import md5
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

Numbers = NDArray[np.float64]

REPLICATES, GROUPS = 1000, 400

Interval = tuple[float, float] | tuple[None, None]


@cache
def draws() -> Numbers:
    """How often each group is drawn in each replicate: a Poisson(1) number, 6 at most."""
    hashes = (
        int(md5(f"{replicate}/{group}".encode()).hexdigest()[:8], 16)
        for replicate in range(REPLICATES)
        for group in range(GROUPS)
    )
    uniform = np.fromiter(hashes, float).reshape(REPLICATES, GROUPS) / 16**8
    return np.minimum(poisson(1).ppf(uniform), 6)


def dealt(customers: Iterable[str], part: Mapping[str, str] | None = None) -> dict[str, int]:
    """The group of each customer: one after the other, by parts, then by the MD5 of their ids."""

    def place(customer: str) -> tuple[str, str, str]:
        of = part[customer] if part else ""
        return of, md5(customer.encode()).hexdigest(), customer

    order = sorted(customers, key=place)
    return {customer: number % GROUPS for number, customer in enumerate(order, 1)}


def bootstrap_t(values: Mapping[str, float], groups: Mapping[str, int]) -> Interval:
    """The interval of the mean of what customers have; none where all have the same."""
    if len(set(values.values())) < 2:
        return None, None
    of = np.array([groups[customer] for customer in values])
    size = np.bincount(of, minlength=GROUPS).astype(float)
    total = np.bincount(of, np.array(list(values.values()), float), minlength=GROUPS)
    mean, error = _mean(np.ones((1, GROUPS)), size, total)
    means, errors = _mean(draws(), size, total)
    told = errors > 1e-6 * error
    deviations = (means[told] - mean) / errors[told]
    highest = -np.quantile(-deviations, 0.025, method="inverted_cdf")
    lowest = np.quantile(deviations, 0.025, method="inverted_cdf")
    return float(mean[0] - highest * error[0]), float(mean[0] - lowest * error[0])


def _mean(weights: Numbers, size: Numbers, total: Numbers) -> tuple[Any, Any]:
    """Mean and standard error where groups of such size and total count so often."""
    customers = weights @ size
    with np.errstate(invalid="ignore"):
        mean = weights @ total / customers
        squares = (weights * (total - np.outer(mean, size)) ** 2).sum(axis=1)
        return mean, np.sqrt(squares) / customers


def difference(one: float, bounds: Interval, other: float, other_bounds: Interval) -> Interval:
    """The interval of a difference, from those of both (Zou & Donner 2008)."""
    if bounds[0] is None or other_bounds[0] is None:
        return None, None
    below = np.hypot(one - bounds[0], other_bounds[1] - other)
    above = np.hypot(bounds[1] - one, other - other_bounds[0])
    return float(one - other - below), float(one - other + above)
