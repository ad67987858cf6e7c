"""Intervals of rates, as the textbooks give them."""

from math import sqrt
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927)."""
    share = successes / trials
    scale = 1 + Z * Z / trials
    centre = (share + Z * Z / (2 * trials)) / scale
    half = Z * sqrt(share * (1 - share) / trials + Z * Z / (4 * trials * trials)) / scale
    return centre - half, centre + half


def rate(
    successes: int, trials: int, known: bool = True
) -> tuple[float | None, float | None, float | None]:
    """A rate with its interval; all NULL where it is not known or nobody could succeed."""
    if not known or trials == 0:
        return None, None, None
    if successes > trials:  # no share: a rate without an interval
        return successes / trials, None, None
    return successes / trials, *wilson(successes, trials)
