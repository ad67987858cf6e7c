"""What is shown of each mart on Dagster's pages: a query, and how its rows are drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

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

COHORTS = 24
DAYS = 730
FREQUENCIES = 20


@dataclass(frozen=True)
class Picture:
    """One query and how its rows are drawn.

    Where a mart holds several series, `series` names the column that tells them apart and those to
    prefer; the first that occurs is drawn, and is `$series` in the query.
    """

    query: str
    draw: "Callable[[Figure, list[Row]], None]"
    title: str
    series: tuple[str, ...] = ()
    size: tuple[float, float] = (8.0, 3.6)


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
    "mart_availability": """
        select mart, needs, reason
        from marts.mart_availability
        where not is_filled
        order by mart
    """,
    "source_accounting": """
        select
            export, rows_in_files, rows_rejected, rows_loaded, rows_duplicate, rows_superseded,
            rows_quarantined, rows_used, rows_without_customer
        from marts.source_accounting
        order by export
    """,
}
