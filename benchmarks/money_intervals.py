"""How often the intervals of differences of money hold the truth, where the truth is known.

Two groups of customers are drawn from one law of skewed money (some spend nothing, the others
log-normal sums). The bounds of their means are those of the models, by the compiled SQL and the
draws of a built warehouse; beside the interval of the difference that is made of them, Welch's, by
scipy. A line for each pair of sizes.

    python -m benchmarks.money_intervals WAREHOUSE [--shops 500] [--spending 0.4] [--sigma 1]
"""

import argparse
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from dagster_project.warehouse.files import Warehouse

Money = NDArray[np.float64]

SIZES = [(30, 30), (30, 1000), (60, 60), (60, 1000), (200, 200), (200, 1000)]


def main() -> None:
    """Draw the shops, print a line for each pair of sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--shops", type=int, default=500)
    parser.add_argument("--spending", type=float, default=0.4, help="share who spend at all")
    parser.add_argument("--sigma", type=float, default=1.0, help="of the logarithm of a sum")
    parser.add_argument("--times", type=float, default=1.0, help="as much in the first group")
    given = parser.parse_args()
    truth = (given.times - 1) * given.spending * np.exp(3 + given.sigma**2 / 2)
    models = Models(Warehouse(given.warehouse))
    print("members others | share that hold the truth (too low, too high), median width")
    for sizes in SIZES:
        dice = np.random.default_rng(sizes)
        one, other = (
            _money(dice, given.shops, size, given.spending, given.sigma) for size in sizes
        )
        one *= given.times
        # where a whole group is alike no interval is given
        told = (np.ptp(one, axis=1) > 0) & (np.ptp(other, axis=1) > 0)
        one, other = one[told], other[told]
        ours = difference(one.mean(1), models.bounds(one), other.mean(1), models.bounds(other))
        welch = stats.ttest_ind(one, other, axis=1, equal_var=False).confidence_interval()
        print(
            f"{sizes[0]:7} {sizes[1]:6} | ours {_told(ours, truth)} |"
            f" Welch's {_told((welch.low, welch.high), truth)}",
            flush=True,
        )


class Models:
    """The models' own intervals of means."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.build_file = warehouse.build_file
        folder = warehouse.dbt_target / "compiled/retention/models/marts/value/intermediate"
        self.sql = {
            name: (folder / f"segment_value_{name}.sql").read_text(encoding="utf-8")
            for name in ("replicates", "intervals")
        }

    def bounds(self, values: Money) -> tuple[Money, Money]:
        """Lower and upper bounds of the mean of each row."""
        rows, customers = values.shape
        with duckdb.connect() as con:
            con.execute("attach ':memory:' as build")  # the catalogue that the models name
            con.execute("use build")
            con.execute(f"attach '{self.build_file}' as shop (read_only)")
            (groups,) = con.execute(
                "select max(sample_group) + 1 from shop.core.bootstrap_weights"
            ).fetchall()[0]
            spent = pd.DataFrame(
                {
                    "segment": np.repeat(np.arange(rows), customers),
                    "sample_group": np.tile(np.arange(customers) % groups, rows),
                    "revenue": values.ravel(),
                }
            )
            con.register("spent", spent)
            con.execute("create schema core")
            con.execute("create schema intermediate")
            con.execute("create table core.bootstrap_weights as from shop.core.bootstrap_weights")
            con.execute(
                "create table intermediate.segment_value_samples as"
                " select segment, 90 as horizon_days, sample_group,"
                " count(*) as members, sum(revenue)::decimal(18, 4) as revenue"
                " from spent group by all"
            )
            for name, sql in self.sql.items():
                con.execute(f"create table intermediate.segment_value_{name} as {sql}")
            found = con.execute(
                "select mean_low, mean_high from intermediate.segment_value_intervals"
                " order by segment"
            ).fetchnumpy()
        return found["mean_low"], found["mean_high"]


def difference(
    one: Money, bounds: tuple[Money, Money], other: Money, other_bounds: tuple[Money, Money]
) -> tuple[Money, Money]:
    """The interval of a difference, from those of both (Zou & Donner 2008)."""
    below = np.hypot(one - bounds[0], other_bounds[1] - other)
    above = np.hypot(bounds[1] - one, other - other_bounds[0])
    return one - other - below, one - other + above


def _money(
    dice: np.random.Generator, shops: int, customers: int, spending: float, sigma: float
) -> Money:
    spends = dice.random((shops, customers)) < spending
    return np.where(spends, np.round(dice.lognormal(3, sigma, (shops, customers)), 2), 0)


def _told(bounds: tuple[Money, Money], truth: float) -> str:
    low, high = bounds
    below, above = np.mean(high < truth), np.mean(low > truth)
    return f"{1 - below - above:.1%} ({below:.1%}, {above:.1%}), {np.median(high - low):.1f}"


if __name__ == "__main__":
    main()
