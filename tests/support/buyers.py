"""Simulated customers who buy as the models suppose, purchase by purchase."""

from dataclasses import dataclass

import numpy as np

from dagster_project.predictions.models.histories import Floats, Histories
from dagster_project.predictions.models.mbg_nbd import PurchaseModel


@dataclass(frozen=True)
class Buyers:
    """Customers watched until their age, and what they bought in the time after it."""

    histories: Histories
    is_alive: Floats
    orders_ahead: Floats


def simulate(model: PurchaseModel, age: Floats, horizon: float, seed: int) -> Buyers:
    """A customer for each age, all of them at once, until nobody has a purchase left."""
    rng = np.random.default_rng(seed)
    customers = len(age)
    rate = rng.gamma(model.r, 1 / model.alpha, customers)
    leaving = rng.beta(model.a, model.b, customers)
    frequency, recency, ahead = (np.zeros(customers) for _ in range(3))
    is_alive = np.ones(customers)
    now = np.zeros(customers)
    staying = np.arange(customers)
    if model.kind == "mbg":
        left = rng.random(customers) < leaving
        is_alive[left] = 0
        staying = staying[~left]
    while len(staying):
        now[staying] += rng.exponential(1 / np.maximum(rate[staying], 1e-300))
        staying = staying[now[staying] <= age[staying] + horizon]
        seen = now[staying] <= age[staying]
        inside, beyond = staying[seen], staying[~seen]
        frequency[inside] += 1
        recency[inside] = now[inside]
        ahead[beyond] += 1
        leaves = rng.random(len(staying)) < leaving[staying]
        is_alive[staying[leaves & seen]] = 0
        staying = staying[~leaves]
    return Buyers(Histories.of(frequency, recency, age), is_alive, ahead)
