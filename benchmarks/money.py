"""What the marts of money cost at 10 million orders: the models against one script by hand.

The script (money.sql) makes the same tables from the same loaded orders: what two million customers
of the demo's simulator bought, and gave back, in 24 months. Each runs in a process of its own, in
turn; medians of seconds by the clock and of CPU and the largest peak of memory are told, and every
figure is compared.

    python -m benchmarks.money [--customers 2000000] [--runs 3] [--room /tmp/money]
"""

from pathlib import Path

import duckdb

from dagster_project.predictions.tables import Forecasts
from dagster_project.warehouse.files import Warehouse

from .event_shop import load
from .measured import Cost, by_hand, dbt, in_a_room, model_seconds, must_be_equal, slowest
from .order_shop import prepare_room

#: Each mart that is made, and what is compared of it.
COMPARED = {
    "cohort_value": "true",
    "value_curve": "true",
    "customer_value": "true",
    "value_concentration": "true",
    "segment_value": "landmark_ltv_low is not null",
}
SCRIPT = Path(__file__).with_suffix(".sql")


def main() -> None:
    """Measure, compare and print."""
    in_a_room(str(__doc__), 2_000_000, _measure)


def _measure(room: Path, customers: int, runs: int) -> None:
    prepare_room(room, customers)
    print(f"{'load':34} {load(room):6.1f} s")
    with Warehouse(room).connect() as con:
        told = "select count(*), count(distinct customer_id) from raw.orders"
        print("{:,} orders and refunds of {:,} customers".format(*con.execute(told).fetchall()[0]))
        Forecasts(con)  # nobody's: what they cost is another question
    models, limit = Cost(), Cost()
    for _ in range(runs):
        written = by_hand(room, limit, SCRIPT)
        dbt(room, models, COMPARED, "--full-refresh")
    print(f"{'all marts of money: models':34} {models}")
    print(f"{'  slowest models':34} {slowest(model_seconds(room))}")
    print(f"{'all marts of money: by hand':34} {limit}")
    ratio, of_cpu = models.median / limit.median, models.median_cpu / limit.median_cpu
    print(f"{'  ratio':34} {ratio:6.2f}, of CPU {of_cpu:.2f}")
    with duckdb.connect() as con:
        con.execute(f"attach '{Warehouse(room).build_file}' as shop (read_only)")
        con.execute(f"attach '{written}' as hand (read_only)")
        for mart, rows in COMPARED.items():
            made = con.sql(f"from hand.{mart}")
            # to the fourth digit: sums of doubles depend on their order
            names = ", ".join(
                f'round("{name}", 4)::double' if str(kind) == "DOUBLE" else f'"{name}"'
                for name, kind in zip(made.columns, made.types, strict=True)
            )
            must_be_equal(
                con,
                mart,
                f"select {names} from shop.marts.{mart} where {rows}",
                f"select {names} from hand.{mart}",
            )


if __name__ == "__main__":
    main()
