"""How often the intervals of `subscription_projection` hold the truth, where the truth is known.

Shops are drawn from one model of renewals and projected as a run does it. Of 500, between 93 and
97 % of the intervals are to hold what the model has; and 5 % of the fits are to be rejected.

    python -m benchmarks.renewal_intervals [--shops 500] [--alpha 0.8] [--beta 2.5]
"""

import argparse

import numpy as np

from dagster_project.predictions.models.sbg import ContractModel, draw_contracts, learn_contracts

#: Cohorts of two years of months, up to 18 renewals seen; projected 12 further.
SIZES = [40 + 5 * (n % 5) for n in range(24)]
AGES = [min(2 + n, 19) for n in range(24)]
NUMBERS = np.array([1, 6, 12, 18, 24, 30])
RATE = 0.1 / 12


def main() -> None:
    """Draw the shops, print a line for each figure, fail outside the bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shops", type=int, default=500)
    parser.add_argument("--alpha", type=float, default=0.8)
    parser.add_argument("--beta", type=float, default=2.5)
    given = parser.parse_args()
    truth = ContractModel(given.alpha, given.beta)
    held = {name: np.zeros(len(NUMBERS)) for name in _figures(truth)}
    told = rejected = 0
    dice = np.random.default_rng(0)
    for _ in range(given.shops):
        cohorts = [_draw(dice, truth, n, age) for n, age in zip(SIZES, AGES, strict=True)]
        learnt = learn_contracts(cohorts)
        if learnt.model is None:
            continue
        drawn = draw_contracts(cohorts, learnt.model)
        told += 1
        rejected += bool(drawn.rejects)
        for name, figures in _figures(drawn.model).items():
            low, high = drawn.interval(figures)
            true = _figures(truth)[name]
            held[name] += (low <= true) & (true <= high)
    print(f"{told} of {given.shops} shops projected, {rejected / told:.1%} of the fits rejected")
    for name, shares in held.items():
        parts = [f"{n}: {share / told:.1%}" for n, share in zip(NUMBERS, shares, strict=True)]
        print(f"{name:20} after renewal " + ", ".join(parts))
    worst = [share / told for shares in held.values() for share in shares]
    raise SystemExit(not (min(worst) >= 0.93 and max(worst) <= 0.97))


def _figures(model: ContractModel) -> dict[str, np.ndarray]:
    return {
        "renewal rate": model.retention(NUMBERS),
        "survival": model.survival(NUMBERS),
        "renewals to come": model.discounted_residual_lifetime(NUMBERS, RATE),
    }


def _draw(dice: np.random.Generator, model: ContractModel, size: int, age: int) -> np.ndarray:
    survival = model.survival(np.arange(age))
    leaving = np.append(-np.diff(survival), survival[-1])
    return size - np.append(0, dice.multinomial(size, leaving)[:-1].cumsum())


if __name__ == "__main__":
    main()
