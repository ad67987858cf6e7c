{{ config(materialized='view') }}

{%- set ids = {'customer_id': 'person', 'anonymous_id': 'person'} %}
with sessions as (
    select * from {{ source('raw', 'sessions') }}
),

marks as (
    select * from {{ ref('base_session_marks') }}
),

marked as (
    select
        sessions.*,
        {%- for column in ids %}
        {{ known_of('sessions', column) }} as known_{{ column }},
        {%- endfor %}
        coalesce(marks.row_status, 'used') as row_status,
        marks.quarantine_reason,
        coalesce(marks.copy_number, 1) as copy_number
    from sessions
    left join marks on sessions._file = marks._file and sessions._line = marks._line
    {{ with_placeholders('sessions', ids) | trim }}
),

session_rows as (
    select
        {{ own_key('session_id') }} as session_id,
        known_customer_id as customer_id,
        known_anonymous_id as anonymous_id,
        source,
        medium,
        campaign,
        landing_page,
        device,
        platform,
        country,
        row_status,
        quarantine_reason,
        page_views,
        {{ business_date('started_at') }} as session_date,
        started_at,
        ended_at,
        _delivered_at,
        _file,
        _line,
        _run_id
    from marked
)

select * from session_rows
