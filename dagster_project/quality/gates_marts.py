"""What the last gate asks of the marts, before anybody reads them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .gx.runner import load_gx
from .gx.suites import Gate
from .rules import Variables

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

#: Of each mart: columns that are shares, and columns that count.
SHARES = {
    "cohort_retention": ["retention_rate", "on_or_after_rate", "rate_low", "rate_high"],
    "retention_curve": ["retention_rate", "on_or_after_rate"],
    "monthly_churn": ["customer_retention_rate"],
    "lifespan_survival": ["survival", "survival_low", "survival_high"],
    "active_customers": ["stickiness"],
    "campaign_funnel": ["open_rate", "unsubscribe_rate", "conversion_rate"],
    "landing_page_funnel": ["product_view_rate", "wish_rate", "order_rate", "conversion_rate"],
    "nps": ["promoters_retention_rate", "detractors_retention_rate"],
    "coupon_effect": ["share_of_orders", "share_of_expected", "repeat_rate", "redemption_rate"],
    "referral_growth": ["conversion"],
    "onboarding": ["activation_rate"],
    "repeat_purchase": ["repeat_rate"],
    "session_conversion": ["conversion_rate"],
    "subscription_mrr_monthly": ["grr", "gross_churn_rate"],
    "subscription_retention": ["renewal_rate", "survival_rate", "projected_survival_rate"],
    "subscription_projection": ["renewal_rate", "survival_rate", "projected_survival_rate"],
    "audience_uplift": ["treated_outcome", "held_out_outcome"],
    "prediction_lift": ["coverage"],
    "customer_value": ["probability_alive"],
}
COUNTS = {
    "cohort_retention": ["cohort_size", "retained_customers", "retained_on_or_after"],
    "monthly_churn": ["opening_customers", "closing_customers", "churned_customers"],
    "lifespan_survival": ["at_risk", "ended"],
    "lifespan_summary": ["customers", "ended_customers"],
    "customer_value": ["orders"],
    "cohort_value": ["cohort_size"],
    "value_curve": ["eligible_customers"],
    "value_concentration": ["customers"],
    "segment_value": ["members", "customers"],
    "money_identity": ["row_count"],
    "active_customers": ["dau", "wau", "mau", "mau_28"],
    "lifecycle": ["active_customers", "dormant_customers"],
    "acquisition": ["sessions", "visitors", "new_visitors", "new_customers", "spend", "cac"],
    "campaign_funnel": ["sent", "delivered", "clicked", "converted", "cost"],
    "loyalty_balances": ["redeemed", "expired"],
    "referral_growth": ["invitations", "joined", "k_factor"],
    "coupon_effect": ["redemptions", "redeemers", "redemptions_with_order", "discount"],
    "session_conversion": ["sessions", "orders"],
    "behaviour_effect": ["members", "others"],
    "subscription_mrr": ["mrr"],
    "communication_calendar": ["days_until_renewal"],
    "subscription_mrr_monthly": ["closing", "closing_customers", "expansion", "reactivation"],
    "subscription_retention": ["cohort_size", "due_customers", "surviving_customers"],
    "subscription_projection": ["surviving_customers", "renewals_to_come"],
    "prediction_tracking": ["actual_orders", "expected_orders"],
    "prediction_verdict": ["actual_orders", "predicted_orders"],
    "source_accounting": ["rows_in_files", "rows_used", "rows_rejected", "rows_quarantined"],
}


def mart_gates(marts: Iterable[str], variables: Variables) -> list[Gate]:
    """Gates on the marts: no share outside 0 to 1, no count below 0, no NaN in either, and no
    prediction that has not earned its place."""
    gx = load_gx()
    gates = []
    for mart in marts:
        expectations = [
            gx.ExpectColumnValuesToBeBetween(
                column=column,
                min_value=0,
                max_value=1,
                description=f"{column} is a share, from 0 to 1",
            )
            for column in SHARES.get(mart, ())
        ] + [
            gx.ExpectColumnValuesToBeBetween(
                column=column, min_value=0, description=f"{column} is never below 0"
            )
            for column in COUNTS.get(mart, ())
        ]
        if mart == "customer_value":
            expectations.append(_earned_predictions(gx, variables))
        if mart == "audience_uplift":
            expectations.append(_nobody_held_out_was_written_to(gx))
        if expectations:
            gates.append(Gate(("marts", mart), {("marts", mart): expectations}))
    return gates


def _nobody_held_out_was_written_to(gx: Any) -> "Expectation":
    return gx.ExpectColumnValuesToBeBetween(
        column="held_out_messaged",
        max_value=0,
        severity="warning",
        description="nobody who is held out of an audience is written to: their arm would no longer"
        " show what happens without the message, and the uplift would be too small",
    )


def _earned_predictions(gx: Any, variables: Variables) -> "Expectation":
    return gx.UnexpectedRowsExpectation(
        description="a prediction is told only where the verdict on its horizon holds, and is"
        " then a number from 0 on",
        unexpected_rows_query=unearned_predictions(variables),
    )


def unearned_predictions(variables: Variables) -> str:
    """Predictions of `customer_value` whose horizon failed, or that are no number from 0 on."""
    holds = "select 1 from marts.prediction_verdict where is_whole_holdout and verdict = 'holds'"
    faults = [_unearned("probability_alive", holds)]
    for days in variables["prediction_horizons"]:
        for column, verdict in (
            ("expected_orders", "verdict"),
            ("predicted_value", "value_verdict"),
        ):
            holds = (
                "select 1 from marts.prediction_verdict"
                f" where not is_whole_holdout and horizon_days = {days} and {verdict} = 'holds'"
            )
            faults += [
                _unearned(f"{column}_{days}{bound}", holds) for bound in ("", "_low", "_high")
            ]
    return " union all ".join(faults)


def _unearned(column: str, holds: str) -> str:
    return (
        f"select '{column}' as prediction, count(*) as customers from {{batch}}"
        f" where {column} is not null and (not exists ({holds})"
        f" or not coalesce({column}::double between 0 and 1e300, false)) having count(*) > 0"
    )
