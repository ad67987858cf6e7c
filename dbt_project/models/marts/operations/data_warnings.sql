{#- Facts that are odd but used: each warning with its number, even where it is 0. -#}
with survivors as (
    select * from {{ ref('customer_merges') }}
    where survivor_id is not null
),

profiles as (
    select * from {{ ref('stg_customer_rows') }}
    where row_status = 'used'
),

people as (
    select * from {{ ref('stg_customers') }}
),

order_rows as (
    select
        order_rows.order_id,
        order_rows.ordered_at,
        coalesce(survivors.survivor_id, order_rows.customer_id) as customer_id,
        order_rows.customer_id as delivered_customer_id
    from {{ ref('stg_order_rows') }} as order_rows
    left join survivors on order_rows.customer_id = survivors.customer_id
    where order_rows.row_status = 'used'
),

-- rows in the hour that clocks repeat in autumn, in a time that does not say which of the two it
-- means; the moment comes first among the columns that can be at fault
repeated as (
    select
        export,
        case export
            {%- for export, told in exports().items() if told.has_moments %}
            when '{{ export }}' then '{{ told.time }}'
            {%- endfor %}
        end as moment,
        sum(rows_in_repeated_hour) as occurrences
    from {{ source('ledger', 'files') }}
    group by export
),

order_counts as (
    select delivered_customer_id, count(distinct order_id) as orders
    from order_rows
    group by delivered_customer_id
),

-- devices of which each login was another customer's
shared as (
    select anonymous_id from {{ ref('identity_links') }}
    group by anonymous_id
    having count(distinct customer_id) > {{ var('implausible_device_customers') }}
),

given_back as (
    select refund_id from {{ ref('stg_refund_rows') }}
    where row_status = 'used' and is_of_cancelled
    union all
    select refund_id from {{ ref('owned_refunds') }}
    where is_of_cancelled and origin = 'refund export'
),

warnings as (
    select 'customers' as export, 'email is no address' as warning, count(*) as occurrences
    from profiles
    where email not like '%@%'
    union all
    select
        'customers' as export, 'birth_date is after its delivery' as warning,
        count(*) as occurrences
    from profiles
    where birth_date > _delivered_at
    union all
    select
        'customers' as export, 'total_orders is not the number of orders' as warning,
        count(*) as occurrences
    from profiles
    left join order_counts on profiles.customer_id = order_counts.delivered_customer_id
    where profiles.total_orders <> coalesce(order_counts.orders, 0)
    union all
    select
        'orders' as export, 'ordered_at is before signed_up_at' as warning,
        count(distinct order_rows.order_id) as occurrences
    from order_rows
    inner join people on order_rows.customer_id = people.customer_id
    where order_rows.ordered_at < people.signed_up_at
    union all
    select
        'sessions' as export, 'started_at is before signed_up_at' as warning,
        count(*) as occurrences
    from {{ ref('stg_sessions') }} as sessions
    inner join people on sessions.customer_id = people.customer_id
    where sessions.started_at < people.signed_up_at
    union all
    select
        'sessions' as export, 'customer_id and anonymous_id are empty' as warning,
        count(*) as occurrences
    from {{ ref('stg_sessions') }} as sessions
    where sessions.customer_id is null and sessions.anonymous_id is null
    union all
    select
        'sessions' as export,
        'anonymous_id is of over {{ var("implausible_device_customers") }} customers;'
        || ' if it is nobody, name it in not_ids' as warning,
        count(*) as occurrences
    from shared
    union all
    select
        'orders' as export,
        'amount below zero gives back a cancelled order and takes nothing off' as warning,
        count(*) as occurrences
    from {{ ref('owned_refunds') }}
    where is_of_cancelled and origin = 'negative order'
    union all
    select
        'refunds' as export,
        'amount gives back what was cancelled and takes nothing off' as warning,
        count(*) as occurrences
    from given_back
    union all
    select
        'refunds' as export,
        'amount is taken to hold tax and shipping; amounts: gross or net says so' as warning,
        count(*) as occurrences
    from {{ ref('stg_refund_rows') }}
    where row_status = 'used' and is_taken_for_gross
    union all
    select
        'orders' as export,
        'cost_amount is empty and gross_margin not set: margin is revenue' as warning,
        {{ "" if var('gross_margin') | float == 1 else "0 * " }}count(*) as occurrences
    from {{ ref('order_values') }}
    where not has_cost
    union all
    select export, moment || ' is in the hour that clocks repeat' as warning, occurrences
    from repeated
    where moment is not null
    union all
    select
        export,
        {{ quoted('column') }} || ' could not be read and is empty' as warning,
        sum({{ quoted('rows') }}) as occurrences
    from {{ source('ledger', 'value_notes') }}
    where what = 'emptied'
    group by export, {{ quoted('column') }}
    union all
    select export, warning, occurrences from {{ ref('implausible_facts') }}
),

data_warnings as (
    select export, warning, cast(occurrences as bigint) as occurrences
    from warnings
)

select * from data_warnings
