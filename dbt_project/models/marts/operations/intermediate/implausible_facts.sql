{#- What makes it unlikely that an export was mapped right, each with the setting that cures it:
    of orders here, of other exports in a model of their own. -#}
{%- set has_lines = var('orders_grain') == 'line' -%}
{%- set many = 'totals.orders >= ' ~ var('implausible_min_orders') -%}
with order_rows as (
    select * from {{ ref('stg_order_rows') }}
    where row_status in ('used', 'quarantined')
),

orders as (
    {%- if has_lines %}
    select
        order_id,
        min(customer_id) as customer_id,
        min(order_date) as order_date,
        min(ordered_at) as ordered_at,
        count(*) as line_count,
        min(amount) as least_amount,
        max(amount) as amount
    {%- else %}
    select
        order_id,
        customer_id,
        order_date,
        ordered_at,
        1 as line_count,
        amount as least_amount,
        amount
    {%- endif %}
    from order_rows
    where row_status = 'used' and status in ('counted', 'refunded') and amount >= 0
    {{ 'group by order_id' if has_lines }}
),

customers as (
    select
        customer_id,
        count(*) as orders
    from orders
    where customer_id is not null
    group by customer_id
),

ranked as (
    select
        *,
        row_number() over (order by orders, customer_id) as place,
        count(*) over () as customers
    from customers
),

-- beyond what 99 of 100 customers order; an id may be personal, so that its beginning is shown
busy as (
    select
        'customer_id ' || left(customer_id, 2)
        || '*** has over 100 times the orders of 99 customers in 100' as warning,
        sum(orders) as occurrences
    from customers
    where orders > 100 * (
            select min(ranked.orders) from ranked
            where ranked.place >= 0.99 * ranked.customers
        )
    group by left(customer_id, 2)
),

-- a zero in front, or a capital, makes no other customer
alike as (
    select coalesce(sum(ids), 0) as ids
    from (
        select count(*) as ids
        from customers
        group by lower(trim(leading '0' from customer_id))
        having count(*) > 1
    ) as ids_alike
),

totals as (
    select
        coalesce(sum(orders), 0) as orders,
        count(*) as customers,
        coalesce(max(orders), 0) as most_orders,
        min(case when place = customers then left(customer_id, 2) end) as busiest
    from ranked
),

months as (
    select
        {{ month_number('order_date') }} as month_number,
        count(*) as orders
    from orders
    group by {{ month_number('order_date') }}
),

neighbours as (
    select
        month_number,
        orders,
        lag(orders) over (order by month_number) as orders_before,
        lead(orders) over (order by month_number) as orders_after,
        lead(month_number) over (order by month_number) as next_month
    from months
),

days as (
    select
        count(*) as orders,
        count(distinct order_date) as days_with_orders,
        {{ day_diff('min(order_date)', 'max(order_date)') }} + 1 as days_spanned
    from orders
),

clocks as (
    select
        count(*) as orders,
        sum({{ is_at_midnight('ordered_at') }}) as at_midnight
    from orders
),

lines as (
    select
        count(*) as orders,
        sum(case when least_amount = amount and amount <> 0 then 1 else 0 end) as equal_amounts
    from orders
    where line_count > 1
),

money as (
    select
        count(*) as loaded_rows,
        count(currency) as rows_with_currency,
        max(worth) as highest,
        sum(case when worth <> floor(worth) then 1 else 0 end) as rows_with_fraction,
        sum(
            case
                when
                    coalesce(currency, '{{ var("orders_currency") }}', '{{ var("base_currency") }}')
                    in ('{{ var("currencies_without_cents") | join("', '") }}')
                    then 1
                else 0
            end
        ) as rows_without_cents,
        sum(case when price > 0 then 1 else 0 end) as priced_rows,
        -- by more than a cent
        sum(case when price > 0 and amount > price + 0.015 then 1 else 0 end) as rows_above
    from (
        select
            currency,
            amount,
            price,
            coalesce(amount, price) as worth
        from (
            -- as doubles, which are near enough here: products of decimals take a second for two
            -- million rows
            select
                currency,
                cast(amount as double) as amount,
                cast(quantity as double) * cast(unit_price as double) as price
            from {{ source('raw', 'orders') }}
        ) as priced_rows_of_orders
    ) as order_rows_with_worth
),

-- rows of one order in one delivery that differ, and nothing says which is newer: states of a
-- history, or lines that were taken for orders
recurring as (
    select sum(recurring_rows - 1) as later_rows
    from (
        select count(*) as recurring_rows
        from {{ source('raw', 'orders') }} as raw_orders
        where
            raw_orders.order_id in (
                select older.order_id from {{ ref('stg_order_rows') }} as older
                where older.row_status = 'superseded'
            )
            and {{ 'raw_orders.line_id is not null' if has_lines else 'true' }}
        group by
            raw_orders.order_id,
            {{ 'raw_orders.line_id,' if has_lines }}
            raw_orders._delivered_at,
            raw_orders.updated_at
        having count(distinct raw_orders._content || coalesce(raw_orders.status, '')) > 1
    ) as recurring_orders
),

-- rows without an order's number that stand at one moment with others of their customer
together as (
    select coalesce(sum(rows_together), 0) as rows_together
    from (
        select count(*) as rows_together
        from {{ source('raw', 'orders') }}
        where
            order_id is null and customer_id is not null and ordered_at is not null
            and {{ is_at_midnight('ordered_at') }} = 0
        group by customer_id, ordered_at, _file
        having count(*) > 1
    ) as moments_of_customers
),

facts as (
    select
        'order_id is empty, and rows of one customer stand at one moment: are they lines?'
            as warning,
        together.rows_together as occurrences,
        'columns.order_id, and grain: line' as setting
    from together
    cross join money
    where
        together.rows_together
        > greatest({{ var('implausible_rows_together') }} * money.loaded_rows, 1)
    union all
    select
        'order_id recurs in a delivery, and nothing says which row is newer' as warning,
        recurring.later_rows as occurrences,
        'columns.updated_at, or grain: line where rows are lines' as setting
    from recurring
    where recurring.later_rows > 0
    union all
    select
        'customer_id has one order each' as warning,
        totals.customers as occurrences,
        'columns.customer_id' as setting
    from totals
    where {{ many }} and totals.most_orders = 1
    union all
    select
        'customer_id is as unique as order_id' as warning,
        totals.customers as occurrences,
        'columns.customer_id' as setting
    from totals
    where
        {{ many }} and totals.most_orders > 1
        and totals.customers >= {{ var('implausible_unique_share') }} * totals.orders
    union all
    select
        'customer_id ' || totals.busiest || '*** is the same in a large share of orders'
            as warning,
        totals.most_orders as occurrences,
        'columns.customer_id, null_words or exclude_customers' as setting
    from totals
    where
        {{ many }}
        and totals.most_orders > {{ var('implausible_customer_share') }} * totals.orders
        -- of few customers each has a large share
        and (totals.most_orders * totals.customers > 2 * totals.orders or totals.customers = 1)
    union all
    select
        'customer_id has fewer than five values' as warning,
        totals.customers as occurrences,
        'columns.customer_id' as setting
    from totals
    where {{ many }} and totals.customers between 1 and 4
    union all
    select
        'customer_id differs by leading zeros or capitals alone' as warning,
        alike.ids as occurrences,
        'columns.customer_id, as {sql: ...} that writes each in one way' as setting
    from alike
    cross join totals
    where alike.ids > {{ var('implausible_alike_share') }} * totals.customers
    union all
    select
        busy.warning,
        busy.occurrences,
        'columns.customer_id, or settings.not_ids' as setting
    from busy
    cross join totals
    where {{ many }}
    union all
    select
        'amount is the same on all lines of an order' as warning,
        lines.equal_amounts as occurrences,
        'amount_is_per' as setting
    from lines
    where
        lines.orders >= {{ var('implausible_min_orders') }}
        and lines.equal_amounts >= 0.9 * lines.orders
        and {{ 'amount' not in var('amounts_of_order') }}
    union all
    select
        'currency is empty in some rows' as warning,
        money.loaded_rows - money.rows_with_currency as occurrences,
        'currency' as setting
    from money
    where
        money.rows_with_currency > 0 and money.rows_with_currency < money.loaded_rows
        and '{{ var("orders_grain") }}' = 'order'
    union all
    select
        'amount has no fraction in any row: are they cents?' as warning,
        money.loaded_rows as occurrences,
        'columns.amount, as {name: ..., unit: cents}, or {sql: ...} where they are none' as setting
    from money
    where
        money.loaded_rows >= {{ var('implausible_min_orders') }}
        and money.rows_with_fraction = 0
        and money.rows_without_cents = 0
        and money.highest >= {{ var('implausible_whole_amount') }}
        and {{ not var('amount_unit_is_told') }}
    union all
    select
        'ordered_at is always at midnight' as warning,
        clocks.at_midnight as occurrences,
        'columns.ordered_at or time_zone' as setting
    from clocks
    where
        clocks.orders >= {{ var('implausible_min_orders') }}
        and clocks.at_midnight = clocks.orders
        and not exists (
            select 1 from {{ source('ledger', 'value_notes') }} as notes
            where notes.export = 'orders' and notes.what = 'dates'
        )
    union all
    select
        'ordered_at leaves out whole months' as warning,
        sum(next_month - month_number - 1) as occurrences,
        'files or timestamp_format' as setting
    from neighbours
    having sum(next_month - month_number - 1) > 0
    union all
    select
        'ordered_at leaves out single days' as warning,
        days.days_spanned - days.days_with_orders as occurrences,
        'files or missing_days' as setting
    from days
    where
        days.days_with_orders < days.days_spanned
        and days.days_with_orders >= {{ var('implausible_day_share') }} * days.days_spanned
        and days.days_spanned >= {{ var('implausible_min_orders') }}
        -- a shop of three orders a day has days without one by chance
        and days.orders >= {{ var('implausible_orders_per_day') }} * days.days_spanned
    union all
    select
        'ordered_at has a month ten times its neighbours' as warning,
        sum(orders) as occurrences,
        'files, timestamp_format or columns.order_id' as setting
    from neighbours
    where
        orders >= {{ var('implausible_min_orders') }}
        and orders >= {{ var('implausible_month_factor') }} * orders_before
        and orders >= {{ var('implausible_month_factor') }} * orders_after
    having count(*) > 0
    union all
    select
        'status is not mapped' as warning,
        count(*) as occurrences,
        'status_map' as setting
    from order_rows
    where quarantine_reason = 'status is unknown'
    having count(*) > 0
    union all
    select
        'amount is above quantity times unit_price' as warning,
        money.rows_above as occurrences,
        'columns.amount' as setting
    from money
    where money.rows_above > 0.1 * money.priced_rows
),

todos as (
    select
        export,
        {{ quoted('column') }} || ' is still a TODO' as warning,
        max({{ quoted('rows') }}) as occurrences,
        {{ quoted('column') }} as setting
    from {{ source('ledger', 'value_notes') }}
    where what = 'todo'
    group by export, {{ quoted('column') }}
),

-- rows that a setting reads: the reason names it in its first backticks
unread as (
    select
        export,
        reason as warning,
        count(*) as occurrences,
        split_part(split_part(reason, '`', 2), ':', 1) as setting
    from {{ source('ledger', 'rejects') }}
    where reason like '%`%'
    group by export, reason
),

-- what a column beside the mapped one says of it
beside as (
    select
        export,
        reason as warning,
        sum({{ quoted('rows') }}) as occurrences,
        'exports.' || export || '.columns.' || {{ quoted('column') }} as setting
    from {{ source('ledger', 'value_notes') }}
    where what = 'gross'
    group by export, reason, {{ quoted('column') }}
),

implausible_facts as (
    select
        export,
        warning,
        occurrences,
        'exports.' || export || '.' || setting as setting
    from unread
    union all
    select
        export,
        warning,
        cast(occurrences as bigint) as occurrences,
        setting
    from beside
    union all
    select
        'orders' as export,
        warning,
        cast(occurrences as bigint) as occurrences,
        'exports.orders.' || setting as setting
    from facts
    union all
    select * from {{ ref('implausible_export_facts') }}
    union all
    select
        export,
        warning,
        cast(occurrences as bigint) as occurrences,
        case
            when export = 'settings' then 'settings.' || setting
            else 'exports.' || export || '.' || setting
        end as setting
    from todos
)

select * from implausible_facts
