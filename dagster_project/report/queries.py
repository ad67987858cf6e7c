"""What the page asks of the published marts, one SELECT a block: totals, never a customer.

Each runs as it stands with `retention query`; the page shows it beside the figure it gives. Where a
mart holds several series, the query takes the first of those a shop has.
"""

#: How many periods tables reach back, so that the page does not grow with the shop.
MONTHS = 24
WEEKS = 26
DAYS = 365
#: How many values of a segment are shown, the largest first, and rows of a list.
VALUES = 8
LINES = 40


def _first(table: str, column: str, *preferred: str) -> str:
    """The one of `preferred` that occurs first in a mart's column, else the first by name."""
    places = " ".join(f"when '{name}' then {place}" for place, name in enumerate(preferred))
    return (
        f"(select {column} from {table} group by {column}"
        f" order by case {column} {places} else {len(preferred)} end, {column} limit 1)"
    )


STUDIES = ("order_to_order", "any_to_any", "session_to_session", "signed_up_to_order")
STUDY = _first("cohort_retention", "study", *STUDIES)
_BASE = _first("monthly_churn", "base", "order", "any")
GROUPS = 8  # of the segments, and of the months of joining, those farthest beyond their share
_LIFECYCLE = _first("lifecycle", "activity", "order", "any")

#: The figures at the top: period, value and, where it has one, its interval; the newest last.
HEADLINES = {
    "revenue": f"""
        select
            cast(cohort_month + to_months(months_since_first_order) as date) as period,
            cast(sum(revenue_cash) as double) as value
        from cohort_value
        where is_complete
        group by period
        order by period desc
        limit {MONTHS}
    """,
    "active": f"""
        select activity_date as period, mau as value
        from active_customers
        where activity = 'any' and segment_name = 'all' and mau_is_complete
            and date_diff('day', activity_date, (
                select max(activity_date) from active_customers
                where activity = 'any' and segment_name = 'all' and mau_is_complete
            )) % 30 = 0
        order by period desc
        limit {MONTHS}
    """,
    "new": f"""
        select period_start as period, new_customers as value
        from lifecycle
        where activity = {_LIFECYCLE}
            and segment_name = 'all' and period = 'month' and is_complete
        order by period desc
        limit {MONTHS}
    """,
    "churn": f"""
        select month as period, churn_rate as value, churn_rate_low as low, churn_rate_high as high
        from monthly_churn
        where base = {_BASE}
            and is_complete and churn_rate is not null
        order by period desc
        limit {MONTHS}
    """,
    "back": f"""
        select cohort_start as period, retention_rate as value, rate_low as low, rate_high as high
        from cohort_retention
        where study = {STUDY}
            and bucket = 'calendar' and period = 'month' and segment_name = 'all'
            and period_number = 1 and is_complete and not is_left_truncated
        order by period desc
        limit {MONTHS}
    """,
    "worth": f"""
        select
            cohort_month as period, cumulative_revenue_per_customer as value,
            months_since_first_order as age
        from cohort_value
        where is_complete and months_since_first_order = (
            select max(months_since_first_order) from (
                select months_since_first_order
                from cohort_value
                where is_complete and months_since_first_order in (0, 3, 6, 12)
                group by months_since_first_order
                having count(*) > 1
            )
        )
        order by period desc
        limit {MONTHS}
    """,
}

#: The mart that each figure of the top is read from.
HEADLINE_MARTS = {
    "revenue": "cohort_value",
    "active": "active_customers",
    "new": "lifecycle",
    "churn": "monthly_churn",
    "back": "cohort_retention",
    "worth": "cohort_value",
}

_HEAT = """
        select
            study, segment_name, segment_value, cohort_start, period_number, cohort_size,
            retained_customers, rate_low, rate_high, retained_on_or_after, on_or_after_low,
            on_or_after_high, is_complete, is_left_truncated
        from cohort_retention
        where bucket = 'calendar' and period = '{period}' and period_number between 1 and {count}
            and cohort_start > (
                select max(cohort_start) from cohort_retention
                where bucket = 'calendar' and period = '{period}'
            ) - interval {count} {period}{also}
        order by study, segment_name, segment_value, cohort_start, period_number
"""

QUERIES = {
    "heat_month": _HEAT.format(period="month", count=MONTHS, also=""),
    "heat_week": _HEAT.format(period="week", count=WEEKS, also=" and segment_name = 'all'"),
    "heat_pooled": f"""
        select
            study, period, segment_name, segment_value, period_number, eligible_customers,
            retained_customers, rate_low, rate_high, retained_on_or_after, on_or_after_low,
            on_or_after_high
        from retention_curve
        where bucket = 'calendar' and retention_rate is not null and (
            period = 'month' and period_number between 1 and {MONTHS}
            or period = 'week' and period_number between 1 and {WEEKS} and segment_name = 'all'
        )
        order by study, period, segment_name, segment_value, period_number
    """,
    "curve": f"""
        select
            study, segment_name, segment_value, period_number, eligible_customers,
            retained_customers, retention_rate, rate_low, rate_high, on_or_after_rate,
            on_or_after_low, on_or_after_high
        from retention_curve
        where bucket = 'calendar' and period = 'month' and retention_rate is not null
            and period_number between 1 and {MONTHS}
        order by study, segment_name, segment_value, period_number
    """,
    "repeat": """
        select
            coalesce(horizon_days, 0) as horizon_days, eligible_customers, repeat_customers,
            repeat_rate, rate_low, rate_high, lower_quartile_days_between_orders,
            median_days_between_orders, upper_quartile_days_between_orders
        from repeat_purchase
        order by horizon_days = 0, horizon_days
    """,
    "lifecycle": f"""
        select
            period_start, active_customers, returning_customers, new_customers,
            resurrected_customers, dormant_customers, quick_ratio
        from lifecycle
        where activity = {_LIFECYCLE}
            and segment_name = 'all' and period = 'month' and is_complete
        qualify row_number() over (order by period_start desc) <= {MONTHS}
        order by period_start
    """,
    "active": f"""
        select
            activity_date,
            case when dau_is_complete then dau end as dau,
            case when wau_is_complete then wau end as wau,
            case when mau_is_complete then mau end as mau,
            stickiness
        from active_customers
        where activity = 'any' and segment_name = 'all'
        qualify row_number() over (order by activity_date desc) <= {DAYS}
        order by activity_date
    """,
    "stickiness": """
        select days_active, customers, customers_at_least, average_days_active
        from stickiness
        where activity = 'any' and "window" = 'trailing_30'
        order by days_active
    """,
    "churn": f"""
        select
            month, opening_customers, new_customers, reactivated_customers, churned_customers,
            closing_customers, churn_rate, churn_rate_low, churn_rate_high, churn_rate_net,
            churn_rate_of_start_and_new, 1 - customer_retention_rate as one_minus_crr
        from monthly_churn
        where base = {_BASE}
            and is_complete
        qualify row_number() over (order by month desc) <= {MONTHS}
        order by month
    """,
    "lost": f"""
        select
            now.segment_name, now.segment_value, now.opening_customers, now.churned_customers,
            before.opening_customers as opening_before, before.churned_customers as churned_before,
            before.churn_rate as rate_before, before.churn_rate_low as rate_before_low,
            before.churn_rate_high as rate_before_high, now.churn_rate, now.churn_rate_low,
            now.churn_rate_high, now.rate_change, now.rate_change_low, now.rate_change_high,
            now.contribution,
            everybody.rate_change * now.opening_customers / everybody.opening_customers
            as due_by_share,
            -- what is left of a sum of fractions is no part
            round(now.contribution - due_by_share, 12) as beyond_share,
            count(*) filter (
                now.segment_name not in ('all', 'first_month') and now.rate_change_low is not null
            ) over () as compared,
            now.month
        from churn_by_segment as now
        inner join churn_by_segment as everybody
            on everybody.base = now.base and everybody.month = now.month
                and everybody.segment_name = 'all'
        left join churn_by_segment as before
            on before.base = now.base and before.month = now.month - interval 1 month
                and before.segment_name = now.segment_name
                and before.segment_value = now.segment_value
        where now.base = {_BASE}
            and now.month = (
                select max(month) from churn_by_segment where contribution is not null
                    and base = {_BASE}
            )
        qualify now.segment_name = 'all' or row_number() over (
            partition by now.segment_name = 'all', now.segment_name = 'first_month'
            order by abs(beyond_share) desc, now.segment_name, now.segment_value
        ) <= {GROUPS}
        order by
            now.segment_name <> 'all', now.segment_name = 'first_month', abs(beyond_share) desc,
            now.segment_name, now.segment_value
    """,
    "bridge": f"""
        select month, step, customers, customers_at_risk, rate, is_convention
        from churn_bridge
        where base = {_BASE}
            and month = (
                select max(month) from churn_bridge where is_complete
                    and base = {_BASE}
            )
        order by step_number
    """,
    "survival": f"""
        select days, at_risk, survival, survival_low, survival_high
        from lifespan_survival
        where segment = 'all' and days % 7 = 0 and days <= {2 * DAYS}
        order by days
    """,
    "lifespans": f"""
        select
            segment_name, segment_value, customers, ended_customers, median_days, median_low,
            median_high, restricted_mean_days, restricted_mean_low, restricted_mean_high,
            horizon_days, one_over_churn_days, disagrees
        from lifespan_summary
        order by segment_name <> 'all', segment_name, customers desc, segment_value
        limit {LINES}
    """,
    "behaviour": f"""
        select
            behaviour, landmark_day, horizon_days, members, others, member_value, other_value,
            difference, low, high
        from behaviour_effect
        where outcome = 'ordered' and difference is not null
        order by difference desc, behaviour
        limit {LINES}
    """,
    "value_curve": """
        select
            months_since_first_order, cohorts, eligible_customers,
            cumulative_revenue_per_customer, cumulative_gross_margin_per_customer
        from value_curve
        order by months_since_first_order
    """,
    "cost": """
        select
            cast(sum(spend) as double) as spend, cast(sum(new_customers) as bigint) as customers,
            cast(sum(spend) as double) / nullif(sum(new_customers), 0) as cac
        from acquisition
        where is_complete and spend is not null
        having sum(spend) > 0
    """,
    "cohort_value": f"""
        select
            cohort_month, cohort_size, months_since_first_order, cumulative_revenue_per_customer,
            is_complete
        from cohort_value
        where months_since_first_order < {MONTHS}
            and cohort_month > (select max(cohort_month) from cohort_value)
            - interval {MONTHS} month
        order by cohort_month, months_since_first_order
    """,
    "tenths": """
        select
            tenth, count(*) as customers, cast(sum(net_revenue) as double) as net_revenue,
            cast(sum(net_revenue) as double) / count(*) as average_value
        from (
            select
                net_revenue,
                ntile(10) over (order by net_revenue desc, customer_id) as tenth
            from customer_value
            where orders > 0
        )
        group by tenth
        order by tenth
    """,
    "concentration": """
        select
            top_share, customers, revenue_share, average_value, average_value_of_rest,
            value_multiple_of_rest
        from value_concentration
        order by top_share
    """,
    "rfm_map": """
        select
            recency_score, frequency_score, count(*) as customers,
            cast(sum(net_revenue) as double) as net_revenue
        from customer_value
        where recency_score is not null and frequency_score is not null
        group by recency_score, frequency_score
        order by recency_score, frequency_score
    """,
    "rfm": """
        select
            rfm_segment, count(*) as customers, cast(sum(net_revenue) as double) as net_revenue,
            cast(sum(net_revenue) as double)
            / nullif(cast(sum(sum(net_revenue)) over () as double), 0) as revenue_share,
            cast(median(days_since_last_order) as double) as median_days_since_last_order
        from customer_value
        where rfm_segment is not null
        group by rfm_segment
        order by net_revenue desc, rfm_segment
    """,
    "verdict": """
        select
            horizon_days, verdict, reason, value_verdict, value_reason, actual_orders,
            predicted_orders, predicted_orders_low, predicted_orders_high, orders_error,
            order_value_error, top_decile_lift
        from prediction_verdict
        where not is_whole_holdout
        order by horizon_days
    """,
    "forecast": r"""
        select
            cast(regexp_extract(name, '\d+$') as int) as horizon_days,
            max(total) filter (name like 'expected_orders_%') as expected_orders,
            max(total) filter (name like 'predicted_value_%') as predicted_value
        from (
            unpivot (
                select cast(
                    sum(columns('^(expected_orders|predicted_value)_\d+$')) as double
                )
                from customer_value
            ) on columns(*) into name name value total
        )
        group by horizon_days
        order by horizon_days
    """,
    "tracking": """
        select week_end, actual_orders, expected_orders, predicted_orders, is_holdout
        from prediction_tracking
        order by week_number
    """,
    "lift": """
        select decile, customers, actual_orders_mean, predicted_orders_mean, lift
        from prediction_lift
        order by decile
    """,
    "segments": f"""
        select
            segment_name, segment_value, horizon_days, members, landmark_ltv, landmark_ltv_low,
            landmark_ltv_high, multiple_of_others, multiple_low, multiple_high, simple_ltv
        from segment_value
        where horizon_days = (
            select max(horizon_days) from segment_value where landmark_ltv is not null
        )
        order by
            segment_name <> 'all', abs(ln(greatest(multiple_of_others, 0.01))) desc nulls last,
            members desc, segment_name, segment_value
        limit {LINES}
    """,
    "acquisition": f"""
        select
            source, cast(sum(sessions) as bigint) as sessions,
            cast(sum(new_customers) as bigint) as new_customers,
            nullif(cast(sum(spend) as double), 0) as spend,
            nullif(cast(sum(spend) as double), 0)
            / nullif(sum(new_customers) filter (spend is not null), 0) as cac,
            cast(sum(revenue_to_date) as double) as revenue_to_date,
            cast(sum(margin_to_date) as double) / nullif(sum(new_customers), 0) as ltv_to_date,
            cast(sum(margin_to_date) filter (spend is not null) as double)
            / nullif(cast(sum(spend) as double), 0) as ltv_to_cac,
            string_agg(distinct margin_basis, ', ' order by margin_basis) as margin_basis
        from acquisition
        where is_complete
        group by source
        order by new_customers desc, source
        limit {LINES}
    """,
    "payback": f"""
        select
            month, source, new_customers, cast(spend as double) as spend, cac, ltv_to_date,
            ltv_to_cac, months_to_payback
        from acquisition
        where is_complete and spend > 0
        order by month desc, spend desc, source
        limit {LINES}
    """,
    "conversion": f"""
        select
            month, sessions, converted_sessions, conversion_rate, rate_low, rate_high,
            sessions_per_customer
        from session_conversion
        where segment_name = 'all' and is_complete
        qualify row_number() over (order by month desc) <= {MONTHS}
        order by month
    """,
    "campaigns": f"""
        select
            campaigns.*, landing_page, page_source, page_rate,
            case when kind = 'ad' then spent end as cost, revenue / nullif(cost, 0)
            as revenue_per_cost
        from (
            select
                campaign, channel, min(month) as first_month, max(month) as last_month,
                -- what is known from visits alone is a link that names its campaign, and no ad
                case
                    when kind = 'ad' and sum(delivered + clicked + cost) = 0 then 'link' else kind
                end as kind,
                -- nobody counts what is sent of an ad, or clicks on a link that nobody paid for
                cast(sum(case when funnel.kind = 'message' then sent end) as bigint) as sent,
                case
                    when funnel.kind = 'message' or sum(delivered + clicked + cost) > 0
                        then cast(sum(clicked) as bigint)
                end as clicked,
                cast(sum(visits) as bigint) as visits, cast(sum(converted) as bigint) as converted,
                cast(sum(revenue) as double) as revenue, cast(sum(cost) as double) as spent,
                arg_max_null(diagnosis, month) filter (is_complete) as diagnosis,
                arg_max_null(click_rate, month) filter (is_complete) as click_rate,
                arg_max_null(click_rate_of_others, month) filter (is_complete)
                as click_rate_of_others,
                arg_max_null(conversion_rate, month) filter (is_complete) as conversion_rate,
                arg_max_null(conversion_rate_of_others, month) filter (is_complete)
                as conversion_rate_of_others,
                arg_max(visits, month) filter (is_complete) as judged_visits,
                arg_max(converted, month) filter (is_complete) as judged_orders,
                max(month) filter (is_complete) as judged_month,
                max(month) filter (not is_complete) as open_month
            from campaign_funnel as funnel
            group by campaign, channel, funnel.kind
        ) as campaigns
        left join (
            -- where most visits of a campaign land, and from where the same page surely does better
            select
                page.source, page.campaign, page.month, page.landing_page,
                other.source as page_source, other.conversion_rate as page_rate
            from landing_page_funnel as page
            left join landing_page_funnel as other
                on other.landing_page = page.landing_page and other.month = page.month
                    and other.source <> page.source
                    and other.conversion_rate_low > page.conversion_rate_high
            qualify row_number() over (
                partition by page.source, page.campaign, page.month
                order by
                    page.sessions desc, page.landing_page, other.sessions desc nulls last,
                    other.source, other.campaign
            ) = 1
        ) as pages
            on kind <> 'message' and pages.campaign = campaigns.campaign
                and source = channel and month = judged_month
        order by cost desc nulls last, revenue desc nulls last, campaigns.campaign, channel, kind
        limit {LINES}
    """,
    "pages": """
        select
            month, source, campaign, landing_page, clicks, sessions, click_rate, click_rate_low,
            click_rate_high, conversion_rate, conversion_rate_low, conversion_rate_high, diagnosis,
            month as judged_month,
            (select max(month) from landing_page_funnel where not is_complete) as open_month
        from landing_page_funnel
        where month = (select max(month) from landing_page_funnel where is_complete)
        order by diagnosis nulls last, sessions desc, source, campaign, landing_page
        limit 20
    """,
    "coupons": f"""
        select
            campaign, redemptions, orders, revenue, share_of_revenue, discount, share_of_expected,
            repeat_rate, rate_low, rate_high, repeat_rate_of_others
        from coupon_effect
        order by is_total desc, redemptions desc, campaign
        limit {LINES}
    """,
    "points": """
        select
            count(*) as customers, cast(sum(accrued) as double) as accrued,
            cast(sum(redeemed) as double) as redeemed, cast(sum(expired) as double) as expired,
            cast(sum(adjusted) as double) as adjusted, cast(sum(balance) as double) as balance
        from loyalty_balances
        having count(*) > 0
    """,
    "loyalty": """
        select
            customer_group, landmark_day, outcome_days, customers, retention_rate, rate_low,
            rate_high, value_per_customer, value_low, value_high
        from loyalty_effect
        order by customer_group
    """,
    "tiers": f"""
        select
            segment_name, segment_value, landmark_day, outcome_days, customers, retention_rate,
            rate_low, rate_high, rate_difference, rate_difference_low, rate_difference_high,
            value_per_customer, value_low, value_high, value_difference, value_difference_low,
            value_difference_high, customers_told_later
        from tier_effect
        order by segment_name, customers desc, segment_value
        limit {LINES}
    """,
    "referrals": f"""
        select
            month, invitations, joined, conversion, conversion_low, conversion_high,
            invitations_per_customer, k_factor
        from referral_growth
        where is_complete
        qualify row_number() over (order by month desc) <= {MONTHS}
        order by month
    """,
    "referred": """
        select
            customer_group, customers, value_days, value_per_customer, value_low, value_high,
            repeat_days, repeat_rate, rate_low, rate_high
        from referral_effect
        order by customer_group desc
    """,
    "nps": f"""
        select survey, month, responses, promoters, passives, detractors, nps, nps_low, nps_high
        from nps
        where segment_name = 'all'
            and survey = (
                select survey from nps where segment_name = 'all'
                group by survey order by sum(responses) desc, survey limit 1
            )
        qualify row_number() over (order by month desc) <= {MONTHS}
        order by month
    """,
    "mrr": f"""
        select
            month, opening, "new", expansion, reactivation, contraction, churned, closing,
            closing_customers, grr, nrr
        from subscription_mrr_monthly
        where is_complete
        qualify row_number() over (order by month desc) <= {MONTHS}
        order by month
    """,
    "renewals": """
        select
            billing_months, renewal_number, eligible_customers, renewal_rate, renewal_low,
            renewal_high, survival_rate, projected_survival_rate
        from subscription_projection
        where billing_months = (
            select billing_months from subscription_projection
            group by billing_months order by max(eligible_customers) desc, billing_months limit 1
        )
        order by renewal_number
    """,
    "audiences": """
        select
            audience, count(*) as customers,
            count(*) filter (is_holdout) as held_out, max(since) as newest_since
        from audiences
        group by audience
        order by customers desc, audience
    """,
    "uplift": """
        select
            audience, outcome_name, treated, held_out, treated_outcome, held_out_outcome, uplift,
            low, high
        from audience_uplift
        order by audience
    """,
    "onboarding": f"""
        select
            cohort_month, signed_up, activated, activation_rate, rate_low, rate_high,
            median_days_to_first_value
        from onboarding
        where is_complete
        qualify row_number() over (order by cohort_month desc) <= {MONTHS}
        order by cohort_month
    """,
    "rows": """
        select
            export, files, rows_in_files, rows_rejected, rows_duplicate, rows_superseded,
            rows_quarantined, rows_used, rows_without_customer,
            abs(coalesce(amount_rejected, 0)) + abs(coalesce(amount_quarantined, 0))
            as amount_set_aside
        from source_accounting
        order by export
    """,
    "money": """
        select term, row_count, amount
        from money_identity
        order by term_number
    """,
    "quarantine": f"""
        select export, kind, reason, count(*) as row_count
        from quarantine
        group by export, kind, reason
        order by row_count desc, export, kind, reason
        limit {LINES}
    """,
    "warnings": """
        select export, warning, occurrences
        from data_warnings
        where occurrences > 0
        order by export, warning
    """,
    "restatements": f"""
        select
            study, period, cause, count(*) as cells,
            cast(sum(abs(new_cohort_size - old_cohort_size)) as bigint) as cohort_size_moved,
            cast(sum(abs(new_retained_customers - old_retained_customers)) as bigint)
            as retained_moved,
            cast(sum(new_revenue - old_revenue) as double) as revenue_moved
        from restatements
        where run_id = (select max_by(run_id, run_number) from metric_run_log where published)
        group by study, period, cause
        order by cells desc, study, period, cause
        limit {LINES}
    """,
    "availability": """
        select mart, needs, reason
        from mart_availability
        where not is_filled
        order by mart
    """,
}

#: The run whose marts these are.
RUN = """
        select as_of_date, checks_passed, checks_failed, warned, settings
        from metric_run_log
        where published
        order by run_number desc
        limit 1
"""
