"""What the page shows, in its order: of each block its columns, chart, and the mart it needs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column of a table: how its values are written, and where their interval is.

    `kind` is that of `cells.text`. A column with `bar` shows its values as lengths too, one with
    `drawn` its interval on a line.
    """

    name: str
    kind: str
    low: str | None = None
    high: str | None = None
    bar: bool = False
    drawn: bool = False
    #: its name, where that is no word of the page
    label: str | None = None
    #: the column with the month it is of, told beside it
    month: str | None = None
    #: the word for what it is of, or the time, where columns of one table are not of the same
    over: str | None = None


@dataclass(frozen=True)
class Series:
    """One line or stack of a chart: the column it shows, and how it is told from the others."""

    column: str
    style: int
    low: str | None = None
    high: str | None = None
    dashed: bool = False
    sign: int = 1
    #: its name, where that is no word of the page
    label: str | None = None


@dataclass(frozen=True)
class Chart:
    """A drawing over the rows of a block."""

    kind: str
    series: tuple[Series, ...]
    unit: str


@dataclass(frozen=True)
class Block:
    """A figure of the page: its words and its query have the name of its key."""

    key: str
    mart: str
    columns: tuple[Column, ...] = ()
    chart: Chart | None = None
    wide: bool = False
    #: a drawing of its own, by `page.py`
    special: str | None = None
    #: the export it cannot do without, where its mart can
    needs: str | None = None
    #: further queries that are told beside its rows, and their marts
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def queries(self) -> tuple[tuple[str, str], ...]:
        """All queries it is made of, and their marts."""
        return ((self.key, self.mart), *self.extra)


def _rate(name: str, low: str, high: str, bar: bool = False) -> Column:
    return Column(name, "percent", low, high, bar)


SECTIONS: dict[str, tuple[Block, ...]] = {
    "stay": (
        Block(
            "heat_month",
            "cohort_retention",
            wide=True,
            special="heat",
            extra=(("heat_week", "cohort_retention"), ("heat_pooled", "retention_curve")),
        ),
        Block("curve", "retention_curve", wide=True, special="curve"),
        Block(
            "repeat",
            "repeat_purchase",
            (
                Column("horizon_days", "horizon"),
                _rate("repeat_rate", "rate_low", "rate_high", bar=True),
                Column("repeat_customers", "count"),
                Column("eligible_customers", "count"),
                Column("lower_quartile_days_between_orders", "days"),
                Column("median_days_between_orders", "days"),
                Column("upper_quartile_days_between_orders", "days"),
            ),
            wide=True,
        ),
        Block(
            "lifecycle",
            "lifecycle",
            (
                Column("period_start", "month"),
                Column("active_customers", "count"),
                Column("new_customers", "count"),
                Column("returning_customers", "count"),
                Column("resurrected_customers", "count"),
                Column("dormant_customers", "count"),
                Column("quick_ratio", "ratio"),
            ),
            Chart(
                "bars",
                (
                    Series("returning_customers", 1),
                    Series("new_customers", 3),
                    Series("resurrected_customers", 2),
                    Series("dormant_customers", 0, sign=-1),
                ),
                "count",
            ),
        ),
        Block(
            "stickiness",
            "stickiness",
            (
                Column("days_active", "count"),
                Column("customers", "count"),
                Column("customers_at_least", "count"),
            ),
            Chart("bars", (Series("customers", 1),), "count"),
        ),
        Block(
            "active",
            "active_customers",
            (
                Column("activity_date", "date"),
                Column("dau", "count"),
                Column("wau", "count"),
                Column("mau", "count"),
                Column("stickiness", "percent"),
            ),
            Chart(
                "lines",
                (Series("mau", 1), Series("wau", 2, dashed=True), Series("dau", 3)),
                "count",
            ),
            wide=True,
        ),
        Block(
            "churn",
            "monthly_churn",
            (
                Column("month", "month"),
                Column("opening_customers", "count"),
                Column("new_customers", "count"),
                Column("reactivated_customers", "count"),
                Column("churned_customers", "count"),
                Column("closing_customers", "count"),
                _rate("churn_rate", "churn_rate_low", "churn_rate_high"),
                Column("churn_rate_of_start_and_new", "percent"),
                Column("churn_rate_net", "percent"),
                Column("one_minus_crr", "percent"),
            ),
            Chart(
                "lines",
                (
                    Series("churn_rate", 1, "churn_rate_low", "churn_rate_high"),
                    Series("churn_rate_of_start_and_new", 2, dashed=True),
                    Series("churn_rate_net", 3),
                    Series("one_minus_crr", 4, dashed=True),
                ),
                "percent",
            ),
            wide=True,
        ),
        Block(
            "lost",
            "churn_by_segment",
            (
                Column("segment_name", "segment"),
                Column("segment_value", "segment"),
                Column("opening_customers", "count"),
                Column("churned_customers", "count"),
                _rate("rate_before", "rate_before_low", "rate_before_high"),
                _rate("churn_rate", "churn_rate_low", "churn_rate_high"),
                Column("rate_change", "points", "rate_change_low", "rate_change_high"),
                Column("contribution", "points"),
                Column("due_by_share", "points"),
                Column("month", "month"),
            ),
            wide=True,
        ),
        Block(
            "bridge",
            "churn_bridge",
            (
                Column("step", "step"),
                Column("customers", "count"),
                Column("customers_at_risk", "count"),
                Column("rate", "percent2"),
            ),
        ),
        Block(
            "survival",
            "lifespan_survival",
            (
                Column("days", "count"),
                Column("at_risk", "count"),
                _rate("survival", "survival_low", "survival_high"),
            ),
            Chart("lines", (Series("survival", 1, "survival_low", "survival_high"),), "percent"),
        ),
        Block(
            "lifespans",
            "lifespan_summary",
            (
                Column("segment_name", "segment"),
                Column("segment_value", "segment"),
                Column("customers", "count"),
                Column("ended_customers", "count"),
                Column("median_days", "days", "median_low", "median_high", drawn=True),
                Column(
                    "restricted_mean_days", "days", "restricted_mean_low", "restricted_mean_high"
                ),
                Column("one_over_churn_days", "days"),
            ),
            wide=True,
        ),
        Block(
            "behaviour",
            "behaviour_effect",
            (
                Column("behaviour", "activity"),
                Column("members", "count"),
                Column("member_value", "percent"),
                Column("others", "count"),
                Column("other_value", "percent"),
                Column("difference", "points", "low", "high", drawn=True),
            ),
            wide=True,
        ),
    ),
    "worth": (
        Block(
            "value_curve",
            "value_curve",
            (
                Column("months_since_first_order", "count"),
                Column("cohorts", "count"),
                Column("eligible_customers", "count"),
                Column("cumulative_revenue_per_customer", "money"),
                Column("cumulative_gross_margin_per_customer", "money"),
            ),
            Chart(
                "lines",
                (
                    Series("cumulative_revenue_per_customer", 1),
                    Series("cumulative_gross_margin_per_customer", 3, dashed=True),
                ),
                "money",
            ),
            extra=(("cost", "acquisition"),),
        ),
        Block(
            "tenths",
            "customer_value",
            (
                Column("tenth", "count"),
                Column("customers", "count"),
                Column("net_revenue", "money"),
                Column("average_value", "money"),
            ),
            Chart("bars", (Series("net_revenue", 1),), "money"),
        ),
        Block("cohort_value", "cohort_value", wide=True, special="value_heat"),
        Block(
            "concentration",
            "value_concentration",
            (
                Column("top_share", "percent0"),
                Column("customers", "count"),
                Column("revenue_share", "percent", bar=True),
                Column("average_value", "money"),
                Column("average_value_of_rest", "money"),
                Column("value_multiple_of_rest", "times"),
            ),
        ),
        Block("rfm_map", "customer_value", special="rfm_map"),
        Block(
            "rfm",
            "customer_value",
            (
                Column("rfm_segment", "value"),
                Column("customers", "count"),
                Column("net_revenue", "money"),
                Column("revenue_share", "percent", bar=True),
                Column("median_days_since_last_order", "days"),
            ),
            wide=True,
        ),
        Block(
            "segments",
            "segment_value",
            (
                Column("segment_name", "segment"),
                Column("segment_value", "segment"),
                Column("members", "count"),
                Column(
                    "landmark_ltv", "money", "landmark_ltv_low", "landmark_ltv_high", drawn=True
                ),
                Column("multiple_of_others", "times", "multiple_low", "multiple_high"),
                Column("simple_ltv", "money"),
            ),
            wide=True,
        ),
        Block(
            "verdict",
            "prediction_verdict",
            (
                Column("horizon_days", "count"),
                Column("verdict", "value"),
                Column("value_verdict", "value"),
                Column("actual_orders", "count"),
                Column(
                    "predicted_orders", "count", "predicted_orders_low", "predicted_orders_high"
                ),
                Column("orders_error", "percent"),
                Column("order_value_error", "percent"),
                Column("top_decile_lift", "times"),
                Column("reason", "text"),
            ),
            wide=True,
            special="verdict",
            extra=(("forecast", "customer_value"),),
        ),
        Block(
            "tracking",
            "prediction_tracking",
            (
                Column("week_end", "date"),
                Column("actual_orders", "count"),
                Column("expected_orders", "decimal"),
                Column("predicted_orders", "decimal"),
                Column("is_holdout", "yes"),
            ),
            Chart(
                "lines",
                (
                    Series("actual_orders", 0),
                    Series("expected_orders", 1, dashed=True),
                    Series("predicted_orders", 2),
                ),
                "count",
            ),
        ),
        Block(
            "lift",
            "prediction_lift",
            (
                Column("decile", "count"),
                Column("customers", "count"),
                Column("actual_orders_mean", "decimal"),
                Column("predicted_orders_mean", "decimal"),
                Column("lift", "times"),
            ),
            Chart(
                "lines",
                (Series("actual_orders_mean", 0), Series("predicted_orders_mean", 2, dashed=True)),
                "decimal",
            ),
        ),
    ),
    "did": (
        Block(
            "acquisition",
            "acquisition",
            (
                Column("source", "text"),
                Column("sessions", "count"),
                Column("new_customers", "count"),
                Column("spend", "money"),
                Column("cac", "money"),
                Column("ltv_to_date", "money"),
                Column("ltv_to_cac", "times", over="of_customers"),
                Column("revenue_to_date", "money", bar=True),
                Column("margin_basis", "value"),
            ),
            wide=True,
        ),
        Block(
            "payback",
            "acquisition",
            (
                Column("month", "month"),
                Column("source", "text"),
                Column("new_customers", "count"),
                Column("spend", "money"),
                Column("cac", "money"),
                Column("ltv_to_date", "money"),
                Column("ltv_to_cac", "times", over="of_customers"),
                Column("months_to_payback", "payback"),
            ),
            wide=True,
            needs="marketing_spend",
        ),
        Block(
            "conversion",
            "session_conversion",
            (
                Column("month", "month"),
                Column("sessions", "count"),
                Column("converted_sessions", "count"),
                _rate("conversion_rate", "rate_low", "rate_high"),
                Column("sessions_per_customer", "decimal"),
            ),
            Chart("lines", (Series("conversion_rate", 1, "rate_low", "rate_high"),), "percent"),
        ),
        Block(
            "onboarding",
            "onboarding",
            (
                Column("cohort_month", "month"),
                Column("signed_up", "count"),
                Column("activated", "count"),
                _rate("activation_rate", "rate_low", "rate_high"),
                Column("median_days_to_first_value", "days"),
            ),
            Chart("lines", (Series("activation_rate", 1, "rate_low", "rate_high"),), "percent"),
        ),
        Block(
            "campaigns",
            "campaign_funnel",
            (
                Column("campaign", "text"),
                Column("channel", "text"),
                Column("kind", "value"),
                Column("first_month", "month"),
                Column("last_month", "month"),
                Column("sent", "count", over="all_months"),
                Column("clicked", "count", over="all_months"),
                Column("visits", "count", over="all_months"),
                Column("converted", "count", over="all_months"),
                Column("cost", "money", over="all_months"),
                Column("revenue", "money", over="all_months"),
                Column("revenue_per_cost", "times", over="of_visits"),
                Column("diagnosis", "value", month="judged_month", over="one_month"),
            ),
            wide=True,
        ),
        Block(
            "pages",
            "landing_page_funnel",
            (
                Column("landing_page", "text"),
                Column("source", "text"),
                Column("campaign", "text"),
                Column("clicks", "count"),
                Column("sessions", "count"),
                _rate("click_rate", "click_rate_low", "click_rate_high"),
                Column(
                    "conversion_rate",
                    "percent",
                    "conversion_rate_low",
                    "conversion_rate_high",
                    drawn=True,
                ),
                Column("diagnosis", "value", month="judged_month"),
            ),
            wide=True,
        ),
        Block(
            "uplift",
            "audience_uplift",
            (
                Column("audience", "value"),
                Column("outcome_name", "value"),
                Column("treated", "count"),
                Column("treated_outcome", "percent"),
                Column("held_out", "count"),
                Column("held_out_outcome", "percent"),
                Column("uplift", "points", "low", "high", drawn=True),
            ),
            wide=True,
        ),
        Block(
            "audiences",
            "audiences",
            (
                Column("audience", "value"),
                Column("customers", "count", bar=True),
                Column("held_out", "count"),
                Column("newest_since", "date"),
            ),
        ),
        Block(
            "points",
            "loyalty_balances",
            (
                Column("customers", "count"),
                Column("accrued", "count"),
                Column("redeemed", "count"),
                Column("expired", "count"),
                Column("adjusted", "count"),
                Column("balance", "count"),
            ),
        ),
        Block(
            "loyalty",
            "loyalty_effect",
            (
                Column("customer_group", "value"),
                Column("customers", "count"),
                Column("retention_rate", "percent", "rate_low", "rate_high", drawn=True),
                Column("value_per_customer", "money", "value_low", "value_high"),
            ),
            wide=True,
        ),
        Block(
            "tiers",
            "tier_effect",
            (
                Column("segment_name", "segment"),
                Column("segment_value", "segment"),
                Column("customers", "count"),
                Column("retention_rate", "percent", "rate_low", "rate_high", drawn=True),
                Column(
                    *("rate_difference", "points", "rate_difference_low", "rate_difference_high")
                ),
                Column("value_per_customer", "money", "value_low", "value_high"),
                Column(
                    *("value_difference", "money", "value_difference_low", "value_difference_high")
                ),
                Column("customers_told_later", "count"),
            ),
            wide=True,
        ),
        Block(
            "coupons",
            "coupon_effect",
            (
                Column("campaign", "segment"),
                Column("redemptions", "count"),
                Column("orders", "count"),
                Column("revenue", "money"),
                Column("share_of_revenue", "percent"),
                Column("discount", "money"),
                Column("share_of_expected", "percent"),
                _rate("repeat_rate", "rate_low", "rate_high"),
                Column("repeat_rate_of_others", "percent"),
            ),
            wide=True,
        ),
        Block(
            "referred",
            "referral_effect",
            (
                Column("customer_group", "value"),
                Column("customers", "count"),
                Column("value_per_customer", "money", "value_low", "value_high", drawn=True),
                _rate("repeat_rate", "rate_low", "rate_high"),
            ),
            wide=True,
        ),
        Block(
            "referrals",
            "referral_growth",
            (
                Column("month", "month"),
                Column("invitations", "count"),
                Column("joined", "count"),
                _rate("conversion", "conversion_low", "conversion_high"),
                Column("invitations_per_customer", "ratio"),
                Column("k_factor", "ratio"),
            ),
            Chart("lines", (Series("k_factor", 1),), "ratio"),
        ),
        Block(
            "nps",
            "nps",
            (
                Column("month", "month"),
                Column("responses", "count"),
                Column("promoters", "count"),
                Column("passives", "count"),
                Column("detractors", "count"),
                Column("nps", "score", "nps_low", "nps_high"),
            ),
            Chart("lines", (Series("nps", 1, "nps_low", "nps_high"),), "score"),
        ),
        Block(
            "mrr",
            "subscription_mrr_monthly",
            (
                Column("month", "month"),
                Column("opening", "money"),
                Column("new", "money"),
                Column("expansion", "money"),
                Column("reactivation", "money"),
                Column("contraction", "money"),
                Column("churned", "money"),
                Column("closing", "money"),
                Column("closing_customers", "count"),
                Column("grr", "percent"),
                Column("nrr", "percent"),
            ),
            Chart(
                "bars",
                (
                    Series("new", 3),
                    Series("expansion", 1),
                    Series("reactivation", 2),
                    Series("contraction", 0),
                    Series("churned", 4),
                ),
                "money",
            ),
        ),
        Block(
            "renewals",
            "subscription_projection",
            (
                Column("renewal_number", "count"),
                Column("eligible_customers", "count"),
                _rate("renewal_rate", "renewal_low", "renewal_high"),
                Column("survival_rate", "percent"),
                Column("projected_survival_rate", "percent"),
            ),
            Chart(
                "lines",
                (
                    Series("survival_rate", 1),
                    Series("projected_survival_rate", 2, dashed=True),
                ),
                "percent",
            ),
        ),
    ),
    "believe": (
        Block(
            "rows",
            "source_accounting",
            (
                Column("export", "value"),
                Column("files", "count"),
                Column("rows_in_files", "count"),
                Column("rows_rejected", "count"),
                Column("rows_duplicate", "count"),
                Column("rows_superseded", "count"),
                Column("rows_quarantined", "count"),
                Column("rows_used", "count"),
                Column("rows_without_customer", "count"),
            ),
            wide=True,
        ),
        Block(
            "money",
            "money_identity",
            (Column("term", "value"), Column("row_count", "count"), Column("amount", "money")),
        ),
        Block(
            "quarantine",
            "quarantine",
            (
                Column("export", "value"),
                Column("kind", "value"),
                Column("reason", "text"),
                Column("row_count", "count"),
            ),
        ),
        Block(
            "warnings",
            "data_warnings",
            (
                Column("export", "value"),
                Column("warning", "text"),
                Column("occurrences", "count"),
            ),
        ),
        Block(
            "restatements",
            "restatements",
            (
                Column("study", "study"),
                Column("period", "value"),
                Column("cause", "text"),
                Column("cells", "count"),
                Column("cohort_size_moved", "count"),
                Column("retained_moved", "count"),
                Column("revenue_moved", "money"),
            ),
        ),
        Block(
            "availability",
            "mart_availability",
            (Column("mart", "text"), Column("needs", "text"), Column("reason", "text")),
            wide=True,
        ),
    ),
}

#: Blocks that are good news when they have no rows.
MAY_BE_EMPTY = frozenset({"quarantine", "warnings", "restatements", "availability"})
