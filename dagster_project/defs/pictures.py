"""Small pictures and tables of the marts for Dagster's pages: totals only, never a customer."""

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg
import duckdb

from .drawing import (
    Row,
    active,
    alive,
    churn,
    curve,
    heatmap,
    lifecycle,
    lift,
    survival,
    tracking,
    value,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 80
COHORTS = 24
DAYS = 730
FREQUENCIES = 20


@dataclass(frozen=True)
class Picture:
    """One query and how its rows are drawn.

    Where a mart holds several series, `series` names the column that tells them apart and those to
    prefer; the first that occurs is drawn, and stands in the query as `$series`.
    """

    query: str
    draw: "Callable[[Figure, list[Row]], None]"
    title: str
    series: tuple[str, ...] = ()
    size: tuple[float, float] = (8.0, 3.6)


def picture(mart: str, con: duckdb.DuckDBPyConnection) -> dg.MetadataValue | None:
    """What to show of a mart in `con`, or a sentence when it is empty; None when nothing is meant.

    The same rows give the same bytes.
    """
    if mart not in PICTURES and mart not in TABLES:
        return None
    if not con.execute(f"select 1 from marts.{mart} limit 1").fetchone():
        return dg.MetadataValue.md(
            f"`{mart}` is empty: no export that it is made of is mapped in exports.yml,"
            " or none of their rows count."
        )
    if mart in TABLES:
        return _table(con.execute(TABLES[mart]))
    shown = PICTURES[mart]
    series = _series(con, mart, shown.series)
    return _drawn(mart, shown, con, series)


def alive_matrix(con: duckdb.DuckDBPyConnection) -> dg.MetadataValue:
    """P(alive) by how often customers bought again and when last, of the forecasts in `con`."""
    return _drawn("forecasts", ALIVE, con, None)


def _drawn(
    name: str, shown: Picture, con: duckdb.DuckDBPyConnection, series: str | None
) -> dg.MetadataValue:
    rows = con.execute(shown.query, {"series": series} if series else None).fetchall()
    if not rows:
        return dg.MetadataValue.md(f"Nothing of `{name}` is complete yet.")
    image = base64.b64encode(_png(shown, rows, series)).decode()
    return dg.MetadataValue.md(f"![{name}](data:image/png;base64,{image})")


def _series(con: duckdb.DuckDBPyConnection, mart: str, wanted: Sequence[str]) -> str | None:
    if not wanted:
        return None
    column, *preferred = wanted
    found = [
        name for (name,) in con.execute(f"select distinct {column} from marts.{mart}").fetchall()
    ]
    return min(found, key=lambda n: (preferred.index(n) if n in preferred else len(preferred), n))


def _table(relation: duckdb.DuckDBPyConnection) -> dg.MetadataValue:
    names = [column[0] for column in relation.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows])


def _png(shown: Picture, rows: list[Row], series: str | None) -> bytes:
    # half a second of imports, which only a run that draws pays
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=shown.size, dpi=DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    shown.draw(figure, rows)
    figure.suptitle(
        shown.title + (f" ({series})" if series else ""), fontsize=10, x=0.01, ha="left"
    )
    canvas.draw()
    # a palette instead of full colour: a third of the size
    image = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba())
    file = io.BytesIO()
    image.convert("RGB").quantize(64).save(file, format="png", optimize=True)
    return file.getvalue()


PICTURES = {
    "cohort_retention": Picture(
        f"""
        select
            cohort_start,
            strftime(cohort_start, '%Y-%m') || case when is_left_truncated then '*' else '' end
            || '  n=' || cohort_size,
            period_number,
            case when is_complete then retention_rate end
        from marts.cohort_retention
        where study = $series and bucket = 'calendar' and period = 'month'
            and segment_name = 'all' and period_number between 1 and {COHORTS}
            and cohort_start > (select max(cohort_start) from marts.cohort_retention)
            - interval {COHORTS} month
        order by cohort_start, period_number
        """,
        heatmap,
        "Percent of each monthly cohort that came back, by month",
        series=("study", "order_to_order", "any_to_any"),
        size=(8.0, 5.0),
    ),
    "retention_curve": Picture(
        """
        select period_number, retention_rate, rate_low, rate_high, on_or_after_rate
        from marts.retention_curve
        where study = $series and bucket = 'calendar' and period = 'month'
            and segment_name = 'all' and period_number > 0 and retention_rate is not null
        order by period_number
        """,
        curve,
        "Share of customers that came back, by month, with 95 % interval",
        series=("study", "order_to_order", "any_to_any"),
    ),
    "active_customers": Picture(
        f"""
        select
            activity_date,
            dau,
            case when wau_is_complete then wau end,
            case when mau_is_complete then mau end
        from marts.active_customers
        where activity = $series and segment_name = 'all'
            and activity_date > (select max(activity_date) from marts.active_customers)
            - interval {DAYS} day
        order by activity_date
        """,
        active,
        "Customers active within the last day, 7 days and 30 days",
        series=("activity", "any"),
    ),
    "lifecycle": Picture(
        f"""
        select
            period_start, new_customers, returning_customers, resurrected_customers,
            dormant_customers
        from marts.lifecycle
        where activity = $series and segment_name = 'all' and period = 'month' and is_complete
        qualify row_number() over (order by period_start desc) <= {COHORTS}
        order by period_start
        """,
        lifecycle,
        "Active customers by where they come from, and those gone dormant, by month",
        series=("activity", "order", "any"),
    ),
    "monthly_churn": Picture(
        f"""
        select month, opening_customers, closing_customers, churn_rate
        from marts.monthly_churn
        where base = $series and is_complete
        qualify row_number() over (order by month desc) <= {COHORTS}
        order by month
        """,
        churn,
        "Customers at the opening and closing of each month, and churn rate",
        series=("base", "order", "any"),
        size=(8.0, 4.4),
    ),
    "lifespan_survival": Picture(
        f"""
        select days, survival, survival_low, survival_high
        from marts.lifespan_survival
        where segment = 'all' and days <= {DAYS}
        order by days
        """,
        survival,
        "Share of customers still alive, by days since their first activity, with 95 % interval",
    ),
    "cohort_value": Picture(
        f"""
        select cohort_month, months_since_first_order, cumulative_revenue_per_customer
        from marts.cohort_value
        where is_complete
            and cohort_month > (select max(cohort_month) from marts.cohort_value)
            - interval {COHORTS} month
        order by cohort_month, months_since_first_order
        """,
        value,
        "Cumulative revenue per customer of each monthly cohort, by age",
    ),
    "prediction_tracking": Picture(
        """
        select week_end, actual_orders, expected_orders, predicted_orders, is_holdout
        from marts.prediction_tracking
        order by week_number
        """,
        tracking,
        "Repeat orders by week, of customers won in the calibration; dotted: the holdout begins",
    ),
    "prediction_lift": Picture(
        """
        select decile, actual_orders_mean, predicted_orders_mean
        from marts.prediction_lift
        order by decile
        """,
        lift,
        "Orders a customer in the holdout, by tenths of what was predicted of them",
    ),
}

ALIVE = Picture(
    f"""
    select
        frequency,
        least(9, floor(10 * recency_days / greatest(age_days, 1)))::int as tenth,
        avg(probability_alive)
    from predictions.forecasts
    where part = 'history' and frequency <= {FREQUENCIES}
        and horizon_days = (
            select min(horizon_days) from predictions.forecasts where part = 'history'
        )
    group by all
    order by all
    """,
    alive,
    "Probability that a customer is still one, by repeat orders and when the last of them fell",
)

TABLES = {
    "customer_value": """
        select
            rfm_segment as segment,
            count(*) as customers,
            round(count(*) / sum(count(*)) over (), 3) as share_of_customers,
            round(sum(net_revenue), 2)::double as net_revenue,
            round(sum(net_revenue) / nullif(sum(sum(net_revenue)) over (), 0), 3)
            as share_of_revenue,
            round(avg(orders), 2) as orders_each,
            median(days_since_last_order)::double as median_days_since_last_order
        from marts.customer_value
        group by rfm_segment
        order by sum(net_revenue) desc, rfm_segment
    """,
    "prediction_verdict": """
        select
            horizon_days, is_whole_holdout, verdict, value_verdict, reason, actual_orders,
            round(predicted_orders, 1) as predicted_orders, round(orders_error, 3) as orders_error,
            round(order_value_error, 3) as order_value_error,
            round(top_decile_lift, 2) as top_decile_lift, round(coverage, 3) as coverage
        from marts.prediction_verdict
        order by is_whole_holdout, horizon_days
    """,
    "source_accounting": """
        select
            export, rows_in_files, rows_rejected, rows_loaded, rows_duplicate, rows_superseded,
            rows_quarantined, rows_used, rows_without_customer
        from marts.source_accounting
        order by export
    """,
}
