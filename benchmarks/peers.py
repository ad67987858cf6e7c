"""Two behaviour figures straight from Parquet, by the libraries one would reach for.

Monthly cohorts (customers of a first month active in each later one) and trailing 30-day actives
of every day, written as CSV. The same method in each: customer days once, then their gaps.

    python -m benchmarks.peers polars EVENTS_FOLDER OUT_FOLDER
"""

import sys
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl

DAYS = """
    select distinct customer_id, occurred_at::date as day
    from read_parquet('{events}/*.parquet')
"""


def by_duckdb(events: Path, out: Path) -> None:
    """Plain SQL."""
    with duckdb.connect() as con:
        con.execute(f"create table days as {DAYS.format(events=events)}")
        con.execute(
            f"""copy (
                with months as (
                    select distinct customer_id, year(day) * 12 + month(day) as month from days
                ),
                ages as (
                    select min(month) over (partition by customer_id) as cohort, month from months
                )
                select cohort, month - cohort as age, count(*) as customers from ages
                group by all order by all
            ) to '{out}/cohorts.csv'"""
        )
        con.execute(
            f"""copy (
                with gaps as (
                    select day, lag(day) over mine as before, lead(day) over mine as after from days
                    window mine as (partition by customer_id order by day)
                ),
                changes as (
                    select day, count(*) as change from gaps
                    where before is null or day - before > 30 group by day
                    union all
                    select day + 30, -count(*) from gaps
                    where after is null or after - day > 30 group by day
                )
                select day, sum(sum(change)) over (order by day) as active from changes
                group by day order by day
            ) to '{out}/actives.csv'"""
        )


def by_pandas(events: Path, out: Path) -> None:
    """pandas; it has no Parquet reader of its own, so DuckDB hands it the two columns."""
    with duckdb.connect() as con:
        frame = con.execute(
            "select customer_id, occurred_at::date::timestamp as day"
            f" from read_parquet('{events}/*.parquet')"
        ).df()
    frame["customer_id"] = frame["customer_id"].astype("category").cat.codes
    days = frame.drop_duplicates().sort_values(["customer_id", "day"])
    days["month"] = days["day"].dt.year * 12 + days["day"].dt.month
    months = days[["customer_id", "month"]].drop_duplicates()
    months["cohort"] = months.groupby("customer_id")["month"].transform("min")
    months["age"] = months["month"] - months["cohort"]
    cohorts = months.groupby(["cohort", "age"]).size().rename("customers")
    cohorts.reset_index().to_csv(out / "cohorts.csv", index=False)
    gap = days.groupby("customer_id")["day"].diff().dt.days
    opens = days.loc[~(gap <= 30), "day"].value_counts()
    next_gap = gap.groupby(days["customer_id"]).shift(-1)
    closes = days.loc[~(next_gap <= 30), "day"].value_counts()
    closes.index = closes.index + pd.Timedelta(days=30)
    actives = opens.sub(closes, fill_value=0).sort_index().cumsum().astype(int)
    actives.rename("active").rename_axis("day").reset_index().to_csv(
        out / "actives.csv", index=False, date_format="%Y-%m-%d"
    )


def by_polars(events: Path, out: Path) -> None:
    """Polars, lazily."""
    days = (
        pl.scan_parquet(events / "*.parquet")
        .select("customer_id", pl.col("occurred_at").dt.date().alias("day"))
        .unique()
        .sort("customer_id", "day")
        .collect()
        .lazy()
    )
    month = pl.col("day").dt.year().cast(pl.Int32) * 12 + pl.col("day").dt.month()
    months = days.select("customer_id", month.alias("month")).unique()
    first = pl.col("month").min().over("customer_id")
    cohorts = months.select(first.alias("cohort"), (pl.col("month") - first).alias("age"))
    counted = cohorts.group_by("cohort", "age").agg(pl.len().alias("customers"))
    counted.sort("cohort", "age").collect().write_csv(out / "cohorts.csv")
    same_before = pl.col("customer_id") == pl.col("customer_id").shift(1)
    same_after = pl.col("customer_id") == pl.col("customer_id").shift(-1)
    near = pl.duration(days=30)
    opens = ~(same_before & (pl.col("day") - pl.col("day").shift(1) <= near)).fill_null(False)
    closes = ~(same_after & (pl.col("day").shift(-1) - pl.col("day") <= near)).fill_null(False)
    one = pl.len().cast(pl.Int64).alias("change")
    changes = pl.concat(
        [
            days.filter(opens).group_by("day").agg(one),
            days.filter(closes)
            .group_by("day")
            .agg(-one)
            .with_columns(pl.col("day") + near, pl.col("change")),
        ]
    )
    actives = changes.group_by("day").agg(pl.col("change").sum()).sort("day")
    actives.select("day", pl.col("change").cum_sum().alias("active")).collect().write_csv(
        out / "actives.csv"
    )


LIBRARIES = {"DuckDB": by_duckdb, "pandas": by_pandas, "Polars": by_polars}

if __name__ == "__main__":
    LIBRARIES[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
