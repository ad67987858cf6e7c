"""What the numbers of published columns count or measure.

A type says most of it: whole numbers count, decimals are money. What it cannot say follows from the
column's name, which means the same in every mart, or stands beside it as `meta: {unit: ...}`.
"""

from collections.abc import Mapping
from typing import Any

#: Each unit, and how a number of it is read.
UNITS = {
    "count": "a whole number of what the column is called after",
    "share": "0.25 is 25 %",
    "change of a share": "0.02 is 2 percentage points",
    "money": "the base currency",
    "money each": "the base currency, of one customer or order",
    "points": "loyalty points",
    "days": "days",
    "weeks": "weeks",
    "months": "calendar months",
    "years": "years",
    "quotient": "how many times as much; 1 is as much",
    "mean": "an average or expected number of what the column is called after",
    "rank": "a place or class, not to be summed",
    "score": "from -100 to 100",
    "parameter": "a number of a fitted model",
    "as the outcome": "a share, a number or money, as the row's outcome says",
    "as exported": "money or points, as the export has it",
}

_NAMES = {
    "share": """rate survival coverage stickiness probability_alive conversion renewal
        projected_survival projected_renewal promoters_retention detractors_retention nrr grr
        top_share p_value fit_p_value treated_outcome held_out_outcome churn_rate_net
        churn_rate_of_start_and_new customer_retention_rate_textbook conversion_rate_of_others
        click_rate_of_others on_or_after repeat_rate_of_others rate_of_others share_of_revenue
        share_of_orders share_of_expected""",
    "change of a share": "rate_change rate_difference contribution uplift",
    "money each": """value_per_customer cumulative_revenue_per_customer
        cumulative_revenue_per_customer_cash cumulative_gross_margin_per_customer value
        value_difference value_of_others value_of_referred average_order_value average_value
        average_value_of_rest monetary_value simple_ltv cac ltv_to_date landmark_ltv""",
    "points": "accrued redeemed expired adjusted balance",
    "days": """age_days days days_active days_since_last_order days_until_renewal horizon_days
        judged_days landmark_day outcome_days recency_days repeat_days value_days median_days
        median median_days_between_orders lower_quartile_days_between_orders
        upper_quartile_days_between_orders median_days_to_first_value restricted_mean
        restricted_mean_days constant_hazard_mean_days one_over_churn_days""",
    "weeks": "week_number",
    "months": "months_since_first_order months_to_payback billing_months",
    "years": "lifespan",
    "quotient": """quick_ratio lift top_decile_lift ltv_to_cac multiple multiple_of_others
        value_multiple_of_rest""",
    "mean": """actual_orders_mean predicted_orders_mean predicted_orders expected_orders
        expected_orders_30 expected_orders_90 expected_orders_365 average_days_active
        sessions_per_customer median_sessions_per_customer invitations_per_customer k_factor
        purchase_frequency renewals_to_come""",
    "rank": """decile frequency_score monetary_score recency_score line period_number
        renewal_number run_number step_number term_number""",
    "score": "nps",
    "parameter": "a b p q r v alpha beta likelihood_ratio",
    "as exported": "reward_amount",
    "as the outcome": "low high difference member_value other_value",
}
_UNIT = {name: unit for unit, names in _NAMES.items() for name in names.split()}
#: Predicted over actual, less 1; what was earned over what was spent, less 1.
_RELATIVE = dict.fromkeys(("orders_error", "order_value_error", "value_error", "roi"), "share")
_BY_TYPE = {"int": "count", "bigint": "count", "decimal(18,4)": "money"}


def unit(column: Mapping[str, Any]) -> str | None:
    """The unit of a column of dbt's manifest, one of UNITS; None of what is no number.

    Bounds of an interval have that of their figure. Raises ValueError where nothing says it.
    """
    name, kind = column["name"], column["data_type"]
    if kind not in (*_BY_TYPE, "double"):
        return None
    figure = name.removesuffix("_low").removesuffix("_high")
    given: str | None = column["config"]["meta"].get("unit")
    known = _UNIT | _RELATIVE
    found = given or known.get(name) or known.get(figure)
    if found is None and figure.endswith(("_rate", "_share")):
        found = "share"
    if found is None or (found == "mean" and kind != "double"):  # bounds of what is expected
        found = _BY_TYPE.get(kind)
    if found not in UNITS:
        raise ValueError(
            f"{name}: say its unit in its yml, as in `config: {{meta: {{unit: share}}}}`;"
            f" one of {', '.join(UNITS)}"
        )
    return found
