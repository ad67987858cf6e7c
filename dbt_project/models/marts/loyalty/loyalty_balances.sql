with movements as (
    {{ up_to_as_of('stg_loyalty_points', 'movement_date') }}
),

totals as (
    select
        customer_id,
        {%- for kind in ['accrued', 'redeemed', 'expired', 'adjusted'] %}
        coalesce(sum(case when kind = '{{ kind }}' then points end), 0) as {{ kind }},
        {%- endfor %}
        min(movement_date) as first_movement,
        max(movement_date) as last_movement
    from movements
    group by customer_id
),

loyalty_balances as (
    select
        customer_id,
        {{ money('accrued') }} as accrued,
        {{ money('redeemed') }} as redeemed,
        {{ money('expired') }} as expired,
        {{ money('adjusted') }} as adjusted,
        {{ money('accrued - redeemed - expired + adjusted') }} as balance,
        {{ ratio('redeemed', 'accrued') }} as redemption_rate,
        {{ ratio('expired', 'accrued') }} as breakage_rate,
        first_movement,
        last_movement
    from totals
)

select * from loyalty_balances
