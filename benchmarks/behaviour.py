"""What the behaviour marts cost at 20 million events: the models against the limit and the peers.

The limit is one hand-written DuckDB script (behaviour.sql) that makes the same tables from the same
loaded events: what a million customers of the demo's simulator did over 730 days. The peers are
pandas and Polars, for monthly cohorts and trailing 30-day actives. Each runs in a process of its
own, in turn; medians of wall seconds and the largest peak of memory are reported, and every count
is compared. Then one more day is loaded and built on top, and the models are named that would have
to follow the day alone for that to cost a twentieth.
Seconds of CPU stand beside those of the clock, since other work on the machine moves only these.

    python -m benchmarks.behaviour [--customers 1000000] [--runs 3] [--room /tmp/behaviour]
"""

import json
import sys
from pathlib import Path

import duckdb

from dagster_project.warehouse.files import Warehouse

from .event_shop import deliver_next_day, load, prepare_room
from .measured import (
    Cost,
    by_hand,
    dbt,
    has_segments,
    in_a_room,
    model_seconds,
    must_be_equal,
    slowest,
)
from .peers import LIBRARIES

#: Of each mart: what is compared of the rows that the script makes too.
COMPARED = {
    "cohort_retention": "study in ('any_to_any', 'session_to_session') and bucket = 'calendar'",
    "retention_curve": "study in ('any_to_any', 'session_to_session') and bucket = 'calendar'",
    "lifecycle": "true",
    "active_customers": "true",
    "stickiness": "true",
    "monthly_churn": "base = 'any'",
    "lifespan_survival": "true",
    "lifespan_summary": "true",
}
SCRIPT = Path(__file__).with_suffix(".sql")


def main() -> None:
    """Measure, compare and print."""
    in_a_room(str(__doc__), 1_000_000, _measure)


def _measure(room: Path, customers: int, runs: int) -> None:
    prepare_room(room, customers)
    drawn = duckdb.sql(
        "select count(*), count(distinct customer_id), count(distinct occurred_at::date)"
        f" from '{room}/events/*.parquet'"
    ).fetchall()[0]
    print("{:,} events of {:,} customers over {} days".format(*drawn))
    print(f"{'load':34} {load(room):6.1f} s")

    models, limit = Cost(), Cost()
    figures = {name: Cost() for name in LIBRARIES}
    for _ in range(runs):
        written = by_hand(room, limit, SCRIPT)
        dbt(room, models, COMPARED, "--full-refresh")
        for name, cost in figures.items():
            (room / name).mkdir(exist_ok=True)
            command = [sys.executable, "-m", "benchmarks.peers", name]
            cost.run(*command, str(room / "events"), str(room / name))
    print(f"{'all behaviour marts: models':34} {models}")
    full = model_seconds(room)
    print(
        f"{'  of which from staging on':34} {_after_staging(room):6.1f} s in models, the last run"
    )
    print(f"{'  slowest models':34} {slowest(full)}")
    print(f"{'all behaviour marts: by hand':34} {limit}")
    ratio, of_cpu = models.median / limit.median, models.median_cpu / limit.median_cpu
    print(f"{'  ratio':34} {ratio:6.2f}, of CPU {of_cpu:.2f}")
    for name, cost in figures.items():
        print(f"{'cohorts and 30-day actives: ' + name:34} {cost}")
    _compare(room, written)

    deliver_next_day(room)
    print(f"{'one more day: load':34} {load(room):6.1f} s")
    day = Cost()
    dbt(room, day, COMPARED)
    _tell_day(day, models, model_seconds(room), full)


def _tell_day(day: Cost, models: Cost, now: dict[str, float], full: dict[str, float]) -> None:
    """What the day cost of a full build, and what stands in the way of a twentieth of it."""
    print(f"{'one more day: models':34} {day}")
    share, of_cpu = day.median / models.median, day.median_cpu / models.median_cpu
    print(f"{'  of a full build':34} {share:6.0%}, of CPU {of_cpu:.0%}")
    one, whole = now["activity_days"], full["activity_days"]
    print(f"{'  activity_days':34} {one:6.1f} s, {one / whole:.0%} of its own {whole:.1f} s")
    print(f"{'  slowest models':34} {slowest(now)}")
    # the fewest models that would have to cost nothing
    left, in_the_way = sum(now.values()) - sum(full.values()) / 20, []
    for name, seconds in sorted(now.items(), key=lambda item: -item[1]):
        if left > 0:
            in_the_way.append(name)
            left -= seconds
    print(f"{'  5 % of the models if the day alone':34} moved {', '.join(in_the_way)}")


def _after_staging(room: Path) -> float:
    """Seconds of the last run's models after staging."""
    manifest = json.loads((room / "dbt/manifest.json").read_text(encoding="utf-8"))["nodes"]
    later = {node["name"] for node in manifest.values() if node["schema"] != "staging"}
    return sum(seconds for name, seconds in model_seconds(room).items() if name in later)


def _compare(room: Path, written: Path) -> None:
    """Every figure of the script and of the peers against the marts; a difference ends it all."""
    with duckdb.connect() as con:
        con.execute(f"attach '{Warehouse(room).build_file}' as shop (read_only)")
        con.execute(f"attach '{written}' as hand (read_only)")
        for mart, rows in COMPARED.items():
            columns = con.execute(f"select * from hand.{mart} limit 0").description or []
            names = ", ".join(
                f'round("{name}", 9)' if name == "survival" else f'"{name}"' for name, *_ in columns
            )
            segment = "segment_name = 'all' and " if has_segments(con, mart) else ""
            ours = f"select {names} from shop.marts.{mart} where {segment}{rows}"
            must_be_equal(con, mart, ours, f"select {names} from hand.{mart}")
        for name in LIBRARIES:
            must_be_equal(
                con,
                f"cohorts by {name}",
                "select year(cohort_start) * 12 + month(cohort_start), period_number,"
                " retained_customers from shop.marts.cohort_retention where study = 'any_to_any'"
                " and period = 'month' and segment_name = 'all' and retained_customers > 0",
                f"from '{room}/{name}/cohorts.csv'",
            )
            must_be_equal(
                con,
                f"30-day actives by {name}",
                # the peers write days on which the number changes, and go on after the last one
                "select activity_date, mau from shop.marts.active_customers"
                " where activity = 'any' and segment_name = 'all' and activity_date in"
                f" (select day from '{room}/{name}/actives.csv')",
                f"from '{room}/{name}/actives.csv' where day in"
                " (select activity_date from shop.marts.active_customers)",
            )


if __name__ == "__main__":
    main()
