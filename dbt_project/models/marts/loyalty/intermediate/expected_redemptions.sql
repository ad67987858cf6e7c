{#- Redemptions by customers who would be expected to buy anyway: they had bought without a coupon
    within the time after which silence is churn. -#}
select distinct redemptions.redemption_number
from {{ ref('coupon_redemptions') }} as redemptions
inner join {{ ref('coupon_orders') }} as orders
    on
        redemptions.customer_id = orders.customer_id
        and not orders.has_coupon
        and redemptions.redemption_date > orders.order_date
        and {{ add_days('redemptions.redemption_date', -var('churn_after_days')) }}
        <= orders.order_date
