"""What predicting costs: a fit and forecasts of a million customers, side by side with `lifetimes`.

Customers who buy as the models suppose are simulated once. Then each of these runs in a process of
its own, and its wall seconds and peak memory are reported:

- aggregation: DuckDB sums the orders by customer and writes the sums, nothing else;
- lifetimes: that library fits MBG/NBD and Gamma-Gamma on a row a customer, forecasts orders and
  their value for each and writes them;
- lifetime: this project does the same from grouped histories;
- whole step: what a run adds for predictions: histories counted by dbt's models, both parts
  fitted, all horizons with intervals, the holdout judged, a row a customer written.

    python -m benchmarks.lifetime [--customers 1000000] [--without lifetimes]
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import yaml

from dagster_project.predictions.purchases import predict
from dagster_project.predictions.tables import Forecasts
from dagster_project.settings import DBT_PROJECT, OFFLINE, ROOT
from dagster_project.warehouse import project
from dagster_project.warehouse.dbt_runner import Dbt

DAYS, HORIZON, BATCH = 730, 365, 500_000
SPEND = (6.0, 4.0, 15.0)
PHASES: dict[str, float] = {}
#: To see that both libraries say the same.
SHOWN = "select round(avg(orders), 4), round(avg(value), 2) from forecasts.main.forecasts"


def main() -> None:
    """Simulate, measure and print; with `--only`, one contender in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--without", nargs="*", default=[], choices=CONTENDERS)
    parser.add_argument("--only", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--room", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        print(json.dumps(_measured(CONTENDERS[given.only], given.room)))
        return
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        orders = _simulate(room / "orders.duckdb", given.customers)
        print(f"{given.customers:,} customers, {orders:,} days with an order")
        found: dict[str, tuple[float, float]] = {}
        for name in CONTENDERS:
            if name in given.without:
                continue
            command = [sys.executable, "-m", "benchmarks.lifetime", "--only", name]
            done = subprocess.run(
                [*command, "--room", folder],
                env=os.environ | OFFLINE | {"OPENBLAS_NUM_THREADS": "1"},
                cwd=ROOT,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise SystemExit(done.stderr)
            seconds, gigabytes, told = json.loads(done.stdout.splitlines()[-1])
            found[name] = seconds, gigabytes
            print(f"{name:12} {seconds:7.1f} s  {gigabytes:5.2f} GB  {told}")
        for name, other in (("lifetimes", "lifetime"), ("whole step", "aggregation")):
            if name in found and other in found:
                times, memory = (a / b for a, b in zip(found[name], found[other], strict=True))
                print(f"{name} over {other}: {times:.1f} x the time, {memory:.1f} x the memory")


def _measured(work: Callable[[Path], str], room: Path) -> tuple[float, float, str]:
    """Wall seconds, peak memory in GB, and what the work told."""
    started = time.perf_counter()
    told = work(room)
    seconds = sum(PHASES.values()) or time.perf_counter() - started
    return seconds, _peak_gigabytes(), told


def _peak_gigabytes() -> float:
    """Most memory this process has held; what getrusage tells begins with that of its parent."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1e6 if found else float("nan")


@contextmanager
def _phase(name: str) -> Iterator[None]:
    """Count these seconds; work that has phases counts no others."""
    started = time.perf_counter()
    yield
    PHASES[name] = time.perf_counter() - started


def _simulate(file: Path, customers: int) -> int:
    """Orders of customers won over two years, and a summary of each customer."""
    with duckdb.connect(str(file)) as con:
        con.execute("create table orders (customer_id varchar, day int, revenue decimal(18, 4))")
        for batch, first in enumerate(range(0, customers, BATCH)):
            who, day, value = _orders(min(BATCH, customers - first), seed=batch)
            con.register("given", {"who": who + first, "day": day, "value": value})
            con.execute(
                "insert into orders select 'C' || who, day, sum(value)::decimal(18, 4)"
                " from given group by all"
            )
            con.unregister("given")
        con.execute(
            "create table histories as select customer_id, count(*) - 1 as frequency,"
            f" max(day) - min(day) as recency, {DAYS - 1} - min(day) as age,"
            " (sum(revenue) - arg_min(revenue, day))::double / nullif(count(*) - 1, 0) as value"
            " from orders group by customer_id"
        )
        (counted,) = con.execute("select count(*) from orders").fetchall()
        return counted[0]


def _orders(customers: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customer, day and value of every order."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.6, 1 / 60, customers)
    leaving = rng.beta(0.9, 1.6, customers)
    mean = SPEND[0] * SPEND[2] / rng.gamma(SPEND[1], 1, customers)
    now = rng.uniform(0, DAYS, customers)
    staying = np.arange(customers)
    who, days = [], []
    while len(staying):
        who.append(staying)
        days.append(now[staying].astype(np.int32))
        staying = staying[rng.random(len(staying)) >= leaving[staying]]
        now[staying] += rng.exponential(1 / rate[staying])
        staying = staying[now[staying] < DAYS]
    customer = np.concatenate(who)
    value = np.round(mean[customer] / SPEND[0] * rng.gamma(SPEND[0], 1, len(customer)) + 0.01, 2)
    return customer, np.concatenate(days), value


def _aggregation(room: Path) -> str:
    (room / "sums.duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(room / "sums.duckdb")) as con:
        con.execute(f"attach '{room}/orders.duckdb' as shop (read_only)")
        con.execute(
            "create table sums as select customer_id, count(*) as orders, min(day) as first_day,"
            " max(day) as last_day, sum(revenue) as revenue from shop.orders group by customer_id"
        )
    return ""


def _forecasts(room: Path) -> duckdb.DuckDBPyConnection:
    (room / "forecasts.duckdb").unlink(missing_ok=True)
    con = duckdb.connect()
    # DuckDB takes what memory there is, unless it is told to do with less
    con.execute("set memory_limit = '600MB'; set preserve_insertion_order = false")
    con.execute(f"attach '{room}/orders.duckdb' as shop (read_only)")
    con.execute(f"attach '{room}/forecasts.duckdb' as forecasts")
    return con


def _lifetimes(room: Path) -> str:
    from lifetimes import GammaGammaFitter, ModifiedBetaGeoFitter

    with _forecasts(room) as con:
        seen = con.execute("select * from shop.histories").df()
        history = seen.frequency, seen.recency, seen.age + 0.5
        purchases = ModifiedBetaGeoFitter().fit(*history)
        repeated = seen[(seen.frequency > 0) & (seen.value > 0)]
        spend = GammaGammaFitter().fit(repeated.frequency, repeated.value)
        seen["orders"] = purchases.conditional_expected_number_of_purchases_up_to_time(
            HORIZON, *history
        )
        seen["value"] = seen.orders * spend.conditional_expected_average_profit(
            seen.frequency, seen.value.fillna(0)
        )
        con.execute(
            "create table forecasts.forecasts as select customer_id, orders, value from seen"
        )
        return f"mean orders and value {con.execute(SHOWN).fetchone()}"


def _lifetime(room: Path) -> str:
    from dagster_project.predictions.models.gamma_gamma import fit_spend
    from dagster_project.predictions.models.histories import Histories
    from dagster_project.predictions.models.mbg_nbd import fit_purchases

    with _forecasts(room) as con:
        groups = con.execute(
            "select frequency, recency, age, count(*) as customers from shop.histories"
            " group by all order by all"
        ).fetchnumpy()
        seen = Histories.of(
            groups["frequency"], groups["recency"], groups["age"] + 0.5, groups["customers"]
        )
        purchases, _ = fit_purchases(seen)
        bins = con.execute(
            "select frequency, avg(value) as value, count(*) as customers from shop.histories"
            " where frequency > 0 and value > 0 group by frequency, floor(ln(value) * 64)"
        ).fetchnumpy()
        spend, _ = fit_spend(bins["frequency"], bins["value"], bins["customers"])
        groups["orders"] = purchases.expected_orders(
            seen.frequency, seen.recency, seen.age, HORIZON
        )
        groups["weight"] = groups["orders"] * spend.weight(seen.frequency)
        con.register("given", groups)
        con.execute(
            "create table forecasts.forecasts as select customer_id, orders,"
            f" ({spend.v} + coalesce(frequency * value, 0)) * weight as value"
            " from shop.histories join given using (frequency, recency, age)"
        )
        return f"mean orders and value {con.execute(SHOWN).fetchone()}"


def _whole_step(room: Path) -> str:
    build = room / "build.duckdb"
    with duckdb.connect(str(build)) as con:  # not part of the step: core as a run leaves it
        con.execute(f"attach '{room}/orders.duckdb' as shop (read_only)")
        con.execute("create schema core")
        con.execute(
            "create table core.customer_activity_days as select customer_id,"
            " 'order' as activity, date '2022-01-01' + day as activity_date, revenue"
            " from shop.orders"
        )
        con.execute(
            "create table core.customer_orders as select customer_id, min(activity_date)"
            " as first_order_date from core.customer_activity_days group by customer_id"
        )
        con.execute(
            f"create table core.as_of as select date '2022-01-01' + {DAYS - 1} as as_of_date"
        )
    variables = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))[
        "vars"
    ]
    dbt = Dbt(build, room / "dbt", variables)
    # once a run, for all steps
    dbt.parse()
    with _phase("histories"):
        _built(
            dbt,
            "prediction_split purchase_histories purchase_groups spend_groups",
        )
    with _phase("fits and forecasts"), duckdb.connect(str(build)) as con:
        predict(Forecasts(con), variables)
    with _phase("verdict and customers"):
        _built(
            dbt,
            "customer_predictions prediction_days prediction_fits prediction_outcomes"
            " prediction_acceptance prediction_lift prediction_tracking prediction_verdict",
        )
    with duckdb.connect(str(build)) as con:
        (groups,) = con.execute("select count(*) from predictions.purchase_groups").fetchall()
    seconds = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in PHASES.items())
    return f"{seconds}; {groups[0]:,} groups"


def _built(dbt: Dbt, models: str) -> None:
    nodes = [f"model.retention.{name}" for name in models.split()]
    nodes += project.tests_of(nodes)
    if broken := [result for result in dbt.build(nodes) if not result.passed]:
        raise SystemExit(str(broken))


CONTENDERS: dict[str, Callable[[Path], str]] = {
    "aggregation": _aggregation,
    "lifetimes": _lifetimes,
    "lifetime": _lifetime,
    "whole step": _whole_step,
}

if __name__ == "__main__":
    main()
