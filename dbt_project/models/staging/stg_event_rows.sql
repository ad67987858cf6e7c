with events as (
    select * from {{ source('raw', 'events') }}
),

test_customers as (
    select customer_id from {{ ref('stg_customers') }}
    where is_test
),

numbered as (
    select
        *,
        row_number() over (partition by _content, _file order by _line) as copy_number
    from events
    where event_id is null
    union all
    select
        *,
        1 as copy_number
    from events
    where event_id is not null
),

keyed as (
    select
        numbered.*,
        coalesce(
            numbered.event_id, numbered._content || '-' || cast(numbered.copy_number as string)
        ) as event_key,
        case
            {{ moment_faults('occurred_at') }}
            when test_customers.customer_id is not null then 'customer_id is a test customer'
        end as quarantine_reason
    from numbered
    left join test_customers on numbered.customer_id = test_customers.customer_id
),

versions as (
    select
        *,
        {{ version_columns('event_key') }}
    from keyed
),

tagged as (
    select
        event_key as event_id,
        session_id,
        customer_id,
        anonymous_id,
        case
            when lower(event_name) in ('order', 'session', 'any') then 'event:' || event_name
            else event_name
        end as event_name,
        product_id,
        page,
        source,
        campaign,
        device,
        platform,
        {{ row_status() }} as row_status,
        quarantine_reason,
        value,
        {{ business_date('occurred_at') }} as event_date,
        occurred_at,
        _file,
        _line,
        _run_id
    from versions
)

select * from tagged
