{#- Known from the day a period starts: it comes up for renewal every billing_months. A term that
    was broken off has its renewal too, since until then it was due. -#}
with as_of as (
    select * from {{ ref('as_of') }}
),

periods as (
    select
        subscriptions.*,
        cast(floor(
            cast(
                {{ month_number('as_of.as_of_date') }}
                - {{ month_number('subscriptions.start_date') }} as double
            ) / cast(subscriptions.billing_months as double)
        ) as int) + 1 as terms
    from {{ ref('stg_subscriptions') }} as subscriptions
    inner join as_of on subscriptions.start_date <= as_of.as_of_date
    where subscriptions.mrr > 0
),

dated as (
    select
        periods.*,
        numbers.n + 1 as renewal_number,
        {{ add_months('periods.start_date', 'numbers.n * periods.billing_months') }}
            as term_start_date,
        {{ add_months('periods.start_date', '(numbers.n + 1) * periods.billing_months') }}
            as renewal_date
    from periods
    inner join {{ numbers(1200) }} as numbers on periods.terms > numbers.n
),

renewals as (
    select
        subscription_id,
        customer_id,
        billing_months,
        renewal_number,
        coalesce(end_date > renewal_date, true) as is_renewed,
        start_date,
        end_date,
        renewal_date
    from dated
    where end_date is null or term_start_date < end_date
)

select * from renewals
