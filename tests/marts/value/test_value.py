"""Three hundred customers worked by hand: what they are worth, in every table that says so.

Days are in UTC, 30 days of silence end a customer, and the last day is 2024-12-31. Who is who:

October   100 customers, on the 1st 4 each at a cost of 3; 40 of them, of GB, on the 15th 2.50
          more at a cost of 1.50. Together 500.
November  120 customers, on the 1st 6 each at a cost of 4. One of them really 9 at a cost of 6, of
          which a credit note takes back 3, and goods for 2, on 5 December. Together 720.
December  80 customers, on the 1st 4 each at a cost of 2, but for one without a cost. Together 320.
"""

import datetime as dt
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from ...support.line import build_shop
from ...support.oracle.bootstrap import difference
from ...support.shops import Shop

Money = NDArray[np.float64]

CONFIG = {
    "settings": {
        "base_currency": "GBP",
        "churn_after_days": 30,
        "segments": ["country"],
        "as_of_date": "2024-12-31",
        "history_starts_on": "2024-01-01",
        "landmark_day": 5,
        "value_horizon_days": [20, 60],
    },
    "exports": {
        "orders": {
            "files": "orders.csv",
            "delivered_at": "2025-01-01",
            "columns": {
                "order_id": "no",
                "customer_id": "who",
                "ordered_at": "at",
                "amount": "total",
                "cost_amount": "cost",
                "country": "land",
            },
        }
    },
}
OCTOBER, NOVEMBER, DECEMBER = (dt.date(2024, month, 1) for month in (10, 11, 12))


def orders() -> list[tuple]:
    rows: list[tuple] = []
    for i in range(100):
        land = "GB" if i < 40 else "FR"
        rows.append((f"o{i:03}", "2024-10-01", 4, 3, land))
        if i < 40:
            rows.append((f"o{i:03}", "2024-10-15", 2.5, 1.5, land))
    rows += [(f"n{i:03}", "2024-11-01", *((9, 6) if i == 0 else (6, 4)), "FR") for i in range(120)]
    rows.append(("n000", "2024-12-05", -3, -2, "FR"))
    rows += [(f"d{i:03}", "2024-12-01", 4, "" if i == 0 else 2, "FR") for i in range(80)]
    return rows


#: What is built: the marts asked below, and what they are made of.
MARTS = (
    "cohort_value",
    "customer_value",
    "money_identity",
    "segment_value",
    "value_concentration",
    "value_curve",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("value")
    lines = [",".join(map(str, (n, *row))) for n, row in enumerate(orders())]
    (folder / "orders.csv").write_text(
        "\n".join(["no,who,at,total,cost,land", *lines]), encoding="utf-8"
    )
    return build_shop(folder, CONFIG, *MARTS)


def test_lifetime_value_by_age_is_pooled_over_the_cohorts_that_reached_it(shop: Shop) -> None:
    rows = shop.query(
        "select months_since_first_order, cohorts, eligible_customers, cumulative_revenue,"
        " cumulative_revenue_cash, cumulative_gross_margin, cumulative_revenue_per_customer,"
        " cumulative_gross_margin_per_customer from value_curve order by 1"
    )
    margins = [500 - 300 - 60, 720 - 480]
    assert [row[:6] for row in rows] == [
        (0, 3, 300, 1540, 1543, None),
        (1, 2, 220, 1220, 1220, sum(margins)),
        (2, 1, 100, 500, 500, margins[0]),
    ]
    assert [round(row[6], 2) for row in rows] == [5.13, 5.55, 5.00]
    assert [row[7] for row in rows] == [None, pytest.approx(380 / 220), pytest.approx(1.4)]


def test_margin_of_a_cohort_is_known_where_every_cost_is(shop: Shop) -> None:
    rows = shop.query(
        "select cohort_month, months_since_first_order, revenue, revenue_cash, gross_margin,"
        " cumulative_gross_margin from cohort_value order by 1, 2"
    )
    assert rows == [
        (OCTOBER, 0, 500, 500, 140, 140),
        (OCTOBER, 1, 0, 0, 0, 140),
        (OCTOBER, 2, 0, 0, 0, 140),
        (NOVEMBER, 0, 720, 723, 240, 240),
        (NOVEMBER, 1, 0, -3, 0, 240),
        (DECEMBER, 0, 320, 320, None, None),
    ]


def test_margin_of_a_customer(shop: Shop) -> None:
    rows = shop.query(
        "select customer_id, net_revenue, gross_margin from customer_value"
        " where customer_id in ('o000', 'o040', 'n000', 'n001', 'd000', 'd001') order by 1"
    )
    assert rows == [
        ("d000", 4, None),
        ("d001", 4, 2),
        ("n000", 6, 2),
        ("n001", 6, 2),
        ("o000", 6.5, 2),
        ("o040", 4, 1),
    ]


def test_the_best_customers_and_the_rest(shop: Shop) -> None:
    rows = shop.query(
        "select top_share, customers, all_customers, revenue, revenue_share,"
        " value_multiple_of_rest from value_concentration order by 1"
    )
    best = {3: 19.5, 15: 97.5, 30: 195, 60: 40 * 6.5 + 20 * 6}
    assert [row[:4] for row in rows] == [
        (share, customers, 300, revenue)
        for share, (customers, revenue) in zip((0.01, 0.05, 0.1, 0.2), best.items(), strict=True)
    ]
    shares = [revenue / 1540 for revenue in best.values()]
    multiples = [r / n / ((1540 - r) / (300 - n)) for n, r in best.items()]
    assert [row[4] for row in rows] == pytest.approx(shares)
    assert [row[5] for row in rows] == pytest.approx(multiples)


def test_segments_are_compared_after_the_landmark(shop: Shop) -> None:
    rows = shop.query(
        "select segment, horizon_days, customers, members, landmark_ltv, landmark_ltv_low,"
        " landmark_ltv_high from segment_value order by 1, 2"
    )
    spent = 40 * 2.5
    assert [row[:4] for row in rows] == [
        ("all", 20, 300, 300),
        ("all", 60, 300, 220),
        ("country=FR", 20, 260, 260),
        ("country=FR", 60, 260, 180),
        ("country=GB", 20, 40, 40),
        ("country=GB", 60, 40, 40),
    ]
    means = [float(row[4]) for row in rows]
    assert means == pytest.approx([spent / 300, spent / 220, 0, 0, 2.5, 2.5], abs=1e-4)
    assert all(low < mean < high for *_, mean, low, high in rows[:2])
    assert all(low == mean == high for *_, mean, low, high in rows[2:])


def test_simple_value_is_a_product_of_its_inputs(shop: Shop) -> None:
    (row,) = shop.query(
        "select average_order_value, purchase_frequency, lifespan, simple_ltv"
        " from segment_value where segment = 'all' and horizon_days = 20"
    )
    lifespan = (40 * (14 + 30) + 260 * 30) / 300 / 365
    assert row == pytest.approx((1540 / 340, 340 / 300, lifespan, 1540 / 300 * lifespan))


def test_money_identity_has_every_term(shop: Shop) -> None:
    rows = shop.query("select term, row_count, amount from money_identity order by term_number")
    assert rows == [
        ("in files", 341, 1540),
        ("rejected", 0, 0),
        ("duplicate", 0, 0),
        ("superseded", 0, 0),
        ("quarantined", 0, 0),
        ("cancelled or pending", 0, 0),
        ("after as_of_date", 0, 0),
        ("refunded by status", 0, 0),
        ("without customer", 0, 0),
        ("customers without an order", 0, 0),
        ("cohort revenue", 341, 1540),
    ]


def intervals(shop: Shop, folder: Path, values: Money) -> Money:
    """Lower and upper bounds, by the models, of the mean of each row of values."""
    segments = {f"{n:06}=all": value for n, value in enumerate(values)}
    return modelled(
        shop,
        folder,
        segments,
        "select mean_low, mean_high from intermediate.segment_value_intervals order by segment",
    )


def modelled(shop: Shop, folder: Path, segments: dict[str, Money], query: str) -> Money:
    """What the models make of what the customers of each segment, called name=value, spent."""
    compiled = shop.warehouse.dbt_target / "compiled/retention/models/marts/value/intermediate"
    with duckdb.connect(str(folder / "build.duckdb")) as con:
        con.execute("create schema intermediate")
        con.execute("create schema core")
        con.execute(f"attach '{shop.warehouse.build_file}' as shop (read_only)")
        con.execute("create table core.bootstrap_weights as from shop.core.bootstrap_weights")
        (groups,) = con.execute(
            "select max(sample_group) + 1 from core.bootstrap_weights"
        ).fetchall()[0]
        spent = pd.DataFrame(
            {
                "segment": np.repeat(list(segments), [len(of) for of in segments.values()]),
                "sample_group": np.concatenate(
                    [np.arange(len(of)) % groups for of in segments.values()]
                ),
                "revenue": np.concatenate(list(segments.values())),
            }
        )
        con.register("spent", spent)
        con.execute(
            "create table intermediate.segment_value_samples as"
            " select segment, 90 as horizon_days, sample_group,"
            " count(*) as members, sum(revenue)::decimal(18, 4) as revenue"
            " from spent group by all"
        )
        con.execute(
            "create table intermediate.segment_purchases as"
            " select distinct segment, split_part(segment, '=', 1) as segment_name from spent"
        )
        for model in ("replicates", "intervals", "multiples"):
            sql = (compiled / f"segment_value_{model}.sql").read_text(encoding="utf-8")
            con.execute(f"create table intermediate.segment_value_{model} as {sql}")
        rows = con.execute(query).fetchall()
    return np.array(rows)


def shop_money(rng: np.random.Generator, cells: int, customers: int) -> Money:
    """Three of five spend nothing, the others log-normal sums."""
    spends = rng.random((cells, customers)) < 0.4
    return np.round(np.where(spends, rng.lognormal(3, 1, (cells, customers)), 0), 2)


TRUE_MEAN = 0.4 * np.exp(3 + 1 / 2)


@pytest.mark.parametrize(("cells", "customers"), [(500, 60), (150, 1000)])
def test_intervals_hold_the_true_mean_as_often_as_they_say(
    shop: Shop, tmp_path: Path, cells: int, customers: int
) -> None:
    rng = np.random.default_rng(5)
    low, high = intervals(shop, tmp_path, shop_money(rng, cells, customers)).T
    coverage = np.mean((low <= TRUE_MEAN) & (high >= TRUE_MEAN))
    # three standard errors of a share of so many cells; skew costs the small ones two points
    assert coverage == pytest.approx(0.94, abs=3 * np.sqrt(0.95 * 0.05 / cells))


def test_intervals_agree_with_a_bootstrap_of_single_customers(shop: Shop, tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    values = shop_money(rng, 4, 300)
    expected = []
    for value in values:
        drawn = rng.choice(value, (20_000, value.size))
        errors = drawn.std(axis=1) / np.sqrt(value.size)
        deviations = (drawn.mean(axis=1) - value.mean()) / errors
        ends = np.quantile(deviations, [0.975, 0.025])
        expected.append(value.mean() - ends * value.std() / np.sqrt(value.size))
    width = np.diff(expected, axis=1)
    assert np.all(np.abs(intervals(shop, tmp_path, values) - expected) < 0.12 * width)


def test_intervals_hold_the_true_multiple_as_often_as_they_say(shop: Shop, tmp_path: Path) -> None:
    """Segments of three values, of which one is worth three times each of the others."""
    rng, cells = np.random.default_rng(7), 150
    segments = {
        f"{cell:06}={value}": multiple * shop_money(rng, 1, customers)[0]
        for cell in range(cells)
        for value, multiple, customers in (("best", 3, 60), ("b", 1, 200), ("c", 1, 340))
    }
    multiple, low, high = modelled(
        shop,
        tmp_path,
        segments,
        "select multiple, multiple_low, multiple_high from intermediate.segment_value_multiples"
        " where segment like '%=best' order by segment",
    ).T
    best, *others = (
        np.array([of.sum() for name, of in segments.items() if name.endswith(f"={value}")])
        for value in ("best", "b", "c")
    )
    assert multiple == pytest.approx(best / 60 / (sum(others) / 540))
    coverage = np.mean((low <= 3) & (high >= 3))
    assert coverage == pytest.approx(0.94, abs=3 * np.sqrt(0.95 * 0.05 / cells))
    assert np.mean(low > 1) > 0.8


def test_intervals_hold_the_true_difference_of_money_more_often_than_welchs(
    shop: Shop, tmp_path: Path
) -> None:
    """A few customers are compared with many who spend alike, as in `behaviour_effect`."""
    rng, cells = np.random.default_rng(8), 300
    few, many = shop_money(rng, cells, 60), shop_money(rng, cells, 300)
    folders = [tmp_path / name for name in ("few", "many")]
    for folder in folders:
        folder.mkdir()
    bounds = [intervals(shop, folder, of) for folder, of in zip(folders, (few, many), strict=True)]
    low, high = np.array(
        [
            difference(one, tuple(ours), other, tuple(theirs))
            for one, ours, other, theirs in zip(
                few.mean(axis=1), bounds[0], many.mean(axis=1), bounds[1], strict=True
            )
        ]
    ).T
    welch = stats.ttest_ind(few, many, axis=1, equal_var=False).confidence_interval()
    coverage = np.mean((low <= 0) & (high >= 0))
    # skew costs two points of 95 %; three standard errors of a share of so many cells
    assert coverage == pytest.approx(0.93, abs=3 * np.sqrt(0.95 * 0.05 / cells))
    assert coverage > np.mean((welch.low <= 0) & (welch.high >= 0))
