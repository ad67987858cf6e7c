"""sBG: identities of survival and retention, recovery, residual lifetime as a sum."""

import numpy as np
import pytest

from dagster_project.predictions.models.fitting import NotIdentifiable
from dagster_project.predictions.models.sbg import ContractModel, fit_contracts, learn_contracts

MODEL = ContractModel(0.7, 1.2)


def test_survival_is_the_product_of_retention_which_rises() -> None:
    periods = np.arange(1, 20)
    assert MODEL.survival(periods) == pytest.approx(np.cumprod(MODEL.retention(periods)))
    assert (np.diff(MODEL.retention(periods)) > 0).all()
    assert MODEL.survival(0) == 1


def test_cohorts_of_any_age_are_fitted_together() -> None:
    exact = [1000 * MODEL.survival(np.arange(ages)) for ages in (12, 5, 2, 1)]
    model, estimates = fit_contracts(exact)
    assert (model.alpha, model.beta) == pytest.approx((0.7, 1.2), rel=1e-4)
    assert estimates.intervals() is not None


def test_residual_lifetime_is_the_discounted_sum_of_survival() -> None:
    for renewals in (0, 3):
        ahead = np.arange(1, 4000)
        survival = MODEL.survival(renewals + ahead) / MODEL.survival(renewals)
        total = (survival / 1.1 ** (ahead - 1)).sum()
        assert MODEL.discounted_residual_lifetime(renewals, 0.1) == pytest.approx(total, rel=1e-9)
    with pytest.raises(ValueError, match="above 0"):
        MODEL.discounted_residual_lifetime(0, 0)


@pytest.mark.parametrize(
    ("cohorts", "sentence"),
    [
        ([], "nobody has left"),
        ([[10, 10, 10]], "nobody has left"),
        ([[10, 0]], "nobody has renewed"),
    ],
)
def test_cohorts_that_tell_nothing(cohorts: list[list[float]], sentence: str) -> None:
    with pytest.raises(NotIdentifiable, match=sentence):
        fit_contracts(cohorts)


@pytest.mark.parametrize(("cohort", "fault"), [([10, 11], "grow"), ([10, np.nan], "counts")])
def test_cohorts_that_cannot_be_are_refused(cohort: list[float], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        fit_contracts([cohort])


@pytest.mark.parametrize(
    ("cohorts", "reason"),
    [
        ([], "complete renewals seen: 0, fewer than 2"),
        ([[100], [90, 60]], "complete renewals seen: 1, fewer than 2"),
        ([[100, 100, 100]], "nobody has left yet"),
        ([[100, 0, 0]], "nobody has renewed yet"),
        ([[1000, 900, 810, 729]], "subscribers differ too little to tell alpha and beta apart"),
    ],
)
def test_a_reason_stands_where_cohorts_tell_too_little(
    cohorts: list[list[int]], reason: str
) -> None:
    learnt = learn_contracts(cohorts)
    assert (learnt.model, learnt.reason) == (None, reason)
