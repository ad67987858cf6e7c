{# Of each mart: the exports it needs, one of each list, and why it may be empty with all. Marts
   that tell of runs are not asked: what they hold follows from the runs, not from exports. #}
{% macro mart_needs() %}
{%- set orders = ['orders'] -%}
{%- set money = ['orders', 'refunds'] -%}
{%- set visits = ['sessions', 'events'] -%}
{%- set activity = ['orders', 'sessions', 'events', 'customers', 'messages', 'subscriptions'] -%}
{%- set signs = ['orders', 'sessions', 'events', 'messages', 'subscriptions', 'surveys'] -%}
{%- set consent = [] if var('assume_consent') else [['customers', 'messages']] -%}
{%- set nobody = 'nobody was active up to as_of_date' -%}
{%- set no_buyer = 'no customer has an order up to as_of_date' -%}
{%- set too_short = 'the orders reach over too few weeks to judge a forecast' -%}
{{ return({
    'acquisition': {'exports': [['marketing_spend'] + visits + orders], 'else': 'no spending, visit or order of a customer up to as_of_date'},
    'landing_page_funnel': {'exports': [['marketing_spend'] + visits], 'else': 'no spending or visit up to as_of_date'},
    'monthly_churn': {'exports': [activity], 'else': nobody},
    'churn_bridge': {'exports': [activity], 'else': nobody},
    'lifespan_survival': {'exports': [activity], 'else': nobody},
    'lifespan_summary': {'exports': [activity], 'else': nobody},
    'audiences': {'exports': [signs] + consent, 'else': 'nobody who may be written to belongs to an audience on as_of_date'},
    'audience_uplift': {'exports': [['messages'], signs] + consent, 'else': 'no campaign of messages has the name of an audience and was followed for audience_outcome_days'},
    'campaign_funnel': {'exports': [['messages', 'marketing_spend'] + visits], 'else': 'no message, spending or visit names a campaign'},
    'communication_calendar': {'exports': [orders + ['messages', 'customers', 'subscriptions']], 'else': 'nobody has ordered, was written to, subscribes or may be written to'},
    'coupon_effect': {'exports': [orders + ['coupons']], 'else': 'no order names a coupon_code, and no redemption is told of'},
    'loyalty_balances': {'exports': [['loyalty_points']], 'else': 'no points moved up to as_of_date'},
    'loyalty_effect': {'exports': [['loyalty_points'], orders], 'else': 'no first order lies landmark_day and churn_after_days back'},
    'nps': {'exports': [['surveys']], 'else': 'nobody answered up to as_of_date'},
    'onboarding': {'exports': [['customers', 'events']], 'else': 'no profile has a signed_up_at, and no event is called signed_up'},
    'referral_growth': {'exports': [['referrals']], 'else': 'nobody was invited up to as_of_date'},
    'referral_effect': {'exports': [['referrals'], orders], 'else': 'nobody has placed a first order since the first invitation'},
    'referred_customers': {'exports': [['referrals']], 'else': 'nobody who was invited is known to have joined'},
    'subscription_mrr': {'exports': [['subscriptions']], 'else': 'no paid subscription ran up to as_of_date'},
    'subscription_mrr_monthly': {'exports': [['subscriptions']], 'else': 'no paid subscription ran up to as_of_date'},
    'subscription_retention': {'exports': [['subscriptions']], 'else': 'no paid subscription ran up to as_of_date'},
    'subscription_projection': {'exports': [['subscriptions']], 'else': 'no paid subscription ran up to as_of_date'},
    'active_customers': {'exports': [activity], 'else': nobody},
    'stickiness': {'exports': [activity], 'else': nobody},
    'session_conversion': {'exports': [visits], 'else': 'no visit began up to as_of_date'},
    'cohort_retention': {'exports': [activity], 'else': nobody},
    'retention_curve': {'exports': [activity], 'else': nobody},
    'lifecycle': {'exports': [activity], 'else': nobody},
    'behaviour_effect': {'exports': [activity], 'else': 'nobody was known by landmark_day and followed for effect_horizon_days after it'},
    'repeat_purchase': {'exports': [orders], 'else': no_buyer},
    'cohort_value': {'exports': [orders], 'else': no_buyer},
    'value_curve': {'exports': [orders], 'else': no_buyer},
    'customer_value': {'exports': [money], 'else': no_buyer},
    'value_concentration': {'exports': [orders], 'else': no_buyer},
    'segment_value': {'exports': [orders], 'else': no_buyer},
    'prediction_verdict': {'exports': [orders], 'else': too_short},
    'prediction_tracking': {'exports': [orders], 'else': too_short},
    'prediction_lift': {'exports': [orders], 'else': too_short},
    'money_identity': {'exports': [money], 'else': 'no order or refund was delivered'},
    'source_accounting': {'exports': [], 'else': 'no file was read'},
    'quarantine': {'exports': [], 'else': 'no row was rejected or quarantined'},
    'data_warnings': {'exports': [], 'else': 'nothing was compared'},
}) }}
{% endmacro %}

{# One of several exports, in words; and of several such lists. #}
{% macro one_of(exports) -%}
{{ (exports[:-1] | join(', ') ~ ' or ' if exports | length > 1 else '') ~ exports[-1] }}
{%- endmacro %}
{% macro one_of_each(lists) -%}
{%- for exports in lists %}{{ '; ' if not loop.first }}{{ one_of(exports) }}{% endfor -%}
{%- endmacro %}
