"""A shop is learnt whole, in part, or not at all, and says why."""

import numpy as np

from dagster_project.predictions.models.histories import Histories
from dagster_project.predictions.models.learning import Learnt, learn
from dagster_project.predictions.models.mbg_nbd import PurchaseModel

from ..support.buyers import simulate

SEEN = simulate(PurchaseModel(0.6, 45.0, 0.9, 1.6), np.full(2000, 200.0), 1.0, seed=4).histories


def learnt(histories: Histories, values: list[float], fewest: int = 100) -> Learnt:
    return learn(histories, [1.0] * len(values), values, [1.0] * len(values), "mbg", fewest)


def test_a_shop_tells_orders_and_their_value() -> None:
    values = np.random.default_rng(1).gamma(3, 10, 500) / np.random.default_rng(2).gamma(4, 1, 500)
    found = learnt(SEEN, list(values))
    assert found.purchases
    assert found.spend
    assert found.orders_reason is found.value_reason is None


def test_orders_of_one_price_have_no_value_to_learn() -> None:
    found = learnt(SEEN, [9.0, 9.0])
    assert found.purchases
    assert (found.spend, found.orders_reason) == (None, None)
    assert found.value_reason == "the values of repeat purchases do not vary"


def test_too_few_who_bought_again_tell_nothing() -> None:
    found = learnt(SEEN, [5.0, 9.0], fewest=5000)
    assert (found.purchases, found.spend) == (None, None)
    told = f"customers who bought again: {SEEN.repeaters:.0f}, fewer than 5000"
    assert found.orders_reason == f"{told} (prediction_min_repeat_customers)"
    assert found.value_reason == found.orders_reason


def test_one_time_buyers_and_empty_shops_tell_nothing() -> None:
    for histories in (Histories.of([0, 0], [0, 0], [9, 3]), Histories.of([], [], [])):
        assert learnt(histories, [], fewest=0).orders_reason == "nobody has bought a second time"
