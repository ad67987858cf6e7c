"""Maximum likelihood for parameters above zero: optimised in logs, with intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from .histories import Floats

#: Logs of parameters, time scaled to a mean age of 1, are searched within these bounds.
BOUND = 7.0
#: Two-sided 95 %.
LEVEL = 0.95
Z = 1.959963984540054

#: Of logs of the parameters: the log-likelihood and its gradient.
LogLikelihood = Callable[[Floats], tuple[float, Floats]]


class NotIdentifiable(ValueError):
    """The data do not determine the parameters; the message says why, in a sentence."""


@dataclass(frozen=True, eq=False)
class Estimates:
    """Parameters of greatest likelihood.

    Attributes:
        values: The parameters by name.
        covariance: Of the logs of the parameters, from the Hessian; None where the likelihood is
            flat at its top, as it is when a parameter runs to its bound.
        log_likelihood: At the top, in the unit of time of the data.
        at_bound: Parameters that ended at a bound: the data only say "very small" or "very large".
        evaluations: Of the likelihood.
    """

    values: dict[str, float]
    covariance: Floats | None
    log_likelihood: float
    at_bound: tuple[str, ...]
    evaluations: int

    def intervals(self) -> dict[str, tuple[float, float]] | None:
        """95 % interval of each parameter, symmetric in its log; None without a covariance."""
        if self.covariance is None:
            return None
        errors = np.sqrt(np.diag(self.covariance))
        return {
            name: (value * float(np.exp(-Z * error)), value * float(np.exp(Z * error)))
            for (name, value), error in zip(self.values.items(), errors, strict=True)
        }


def maximise(
    log_likelihood: LogLikelihood,
    start: dict[str, float],
    units: dict[str, float],
    observations: float,
) -> Estimates:
    """Climb to the greatest likelihood from `start`.

    Args:
        log_likelihood: Of the logs of the parameters, in the order of `start`.
        start: First guess by name.
        units: What to multiply a parameter by to undo the scaling of the data; others stay.
        observations: How many; the sum is optimised as a mean, so that tolerances mean the same
            for any shop.

    Raises NotIdentifiable when the climb does not end.
    """

    def loss(logs: Floats) -> tuple[float, Floats]:
        value, gradient = log_likelihood(logs)
        return -value / observations, -gradient / observations

    found = minimize(
        loss,
        np.log(list(start.values())),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-BOUND, BOUND)] * len(start),
        options={"maxiter": 1000, "maxfun": 2000, "ftol": 1e-14, "gtol": 1e-9, "maxcor": 20},
    )
    # status 2 is a line search that can gain no more, which near the top is the end as well
    if not np.isfinite(found.fun) or found.status == 1:
        raise NotIdentifiable("the likelihood has no top that could be found")
    logs = found.x
    values = {
        name: float(np.exp(log)) * units.get(name, 1.0)
        for name, log in zip(start, logs, strict=True)
    }
    at_bound = tuple(name for name, log in zip(start, logs, strict=True) if abs(log) > BOUND - 1e-3)
    covariance = None if at_bound else _covariance(loss, logs, observations)
    return Estimates(values, covariance, -float(found.fun) * observations, at_bound, found.nfev)


def _covariance(
    loss: Callable[[Floats], tuple[float, Floats]], logs: Floats, observations: float
) -> Floats | None:
    """Inverse of the Hessian, by central differences of the exact gradient."""
    step = 1e-4
    hessian = np.array(
        [
            (loss(logs + step * unit)[1] - loss(logs - step * unit)[1]) / (2 * step)
            for unit in np.eye(len(logs))
        ]
    )
    hessian = (hessian + hessian.T) / 2
    curvatures, directions = np.linalg.eigh(hessian)
    if curvatures[0] <= 1e-9 * curvatures[-1]:
        return None
    return (directions / curvatures) @ directions.T / observations
