{{ config(materialized='view') }}

{%- set ids = {'session_id': 'thing', 'customer_id': 'person', 'anonymous_id': 'person'} %}
with events as (
    select * from {{ source('raw', 'events') }}
),

marks as (
    select * from {{ ref('base_event_marks') }}
),

marked as (
    select
        events.*,
        {%- for column in ids %}
        {{ known_of('events', column) }} as known_{{ column }},
        {%- endfor %}
        coalesce(marks.row_status, 'used') as row_status,
        marks.quarantine_reason,
        coalesce(marks.copy_number, 1) as copy_number
    from events
    left join marks on events._file = marks._file and events._line = marks._line
    {{ with_placeholders('events', ids) | trim }}
),

event_rows as (
    select
        {{ own_key('event_id') }} as event_id,
        known_session_id as session_id,
        known_customer_id as customer_id,
        known_anonymous_id as anonymous_id,
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
        row_status,
        quarantine_reason,
        value,
        {{ business_date('occurred_at') }} as event_date,
        occurred_at,
        _delivered_at,
        _file,
        _line,
        _run_id
    from marked
)

select * from event_rows
