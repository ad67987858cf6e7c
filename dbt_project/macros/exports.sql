{# Of every export: the model that holds all its rows, tagged; the columns a quarantine reason can
   name; and whether its rows belong to customers. #}
{% macro exports() %}
{{ return({
    'orders': {'model': 'stg_order_rows', 'columns': ['ordered_at', 'status', 'currency', 'quantity', 'customer_id']},
    'refunds': {'model': 'stg_refund_rows', 'columns': ['refunded_at', 'status', 'currency', 'amount', 'order_id', 'customer_id']},
    'sessions': {'model': 'stg_session_rows', 'columns': ['started_at', 'ended_at', 'customer_id']},
    'events': {'model': 'stg_event_rows', 'columns': ['occurred_at', 'customer_id']},
    'customers': {'model': 'stg_customer_rows', 'columns': ['customer_id', 'merged_into']},
    'messages': {'model': 'stg_message_rows', 'columns': ['occurred_at', 'status', 'customer_id']},
    'marketing_spend': {'model': 'stg_marketing_spend_rows', 'columns': ['spend_date', 'cost', 'currency']},
    'surveys': {'model': 'stg_survey_rows', 'columns': ['answered_at', 'score', 'customer_id']},
    'loyalty_points': {'model': 'stg_loyalty_point_rows', 'columns': ['occurred_at', 'kind', 'customer_id']},
    'referrals': {'model': 'stg_referral_rows', 'columns': ['invited_at', 'joined_at', 'referrer_id', 'invited_customer_id']},
    'coupons': {'model': 'stg_coupon_rows', 'columns': ['redeemed_at', 'customer_id']},
    'subscriptions': {'model': 'stg_subscription_rows', 'columns': ['start_date', 'end_date', 'amount', 'billing_months', 'currency', 'customer_id']},
}) }}
{% endmacro %}
