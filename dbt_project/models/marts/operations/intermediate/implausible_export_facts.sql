{#- What makes it unlikely that an export other than the orders was mapped right. Each list names
    the exports that a kind of oddity has a meaning for: of most refunds or answers, for one, a
    customer has a single one. -#}
{%- set holders = {
    'sessions': ['customer_id', 'anonymous_id'], 'events': ['customer_id', 'anonymous_id'],
    'refunds': ['customer_id'], 'messages': ['customer_id'], 'surveys': ['customer_id'],
    'loyalty_points': ['customer_id'], 'referrals': ['referrer_id'], 'coupons': ['customer_id'],
    'subscriptions': ['customer_id']
} -%}
{%- set row_ids = {
    'sessions': 'session_id', 'events': 'event_id', 'loyalty_points': 'the movement'
} -%}
{%- set states = {'refunds': 'status', 'messages': 'status', 'loyalty_points': 'kind'} -%}
{#- Campaigns and waves of questions pause and burst; people, visits and payments do not. -#}
{%- set steady = [
    'sessions', 'events', 'customers', 'refunds', 'loyalty_points', 'referrals', 'subscriptions'
] -%}
{%- set monthly = steady + ['marketing_spend'] -%}
{%- set daily = ['sessions', 'events', 'loyalty_points', 'marketing_spend'] -%}
with ids as (
    {%- for export, told in exports().items() if export in holders %}
    {%- set is_last = loop.last %}
    {%- for column in holders[export] %}
    select '{{ export }}' as export, '{{ column }}' as id_column, count(*) as row_count
    from {{ ref(told.staged) }}
    where row_status = 'used' and {{ column }} is not null
    group by {{ column }}
    {{ 'union all' if not (is_last and loop.last) }}
    {%- endfor %}
    {%- endfor %}
),

id_totals as (
    select
        export,
        id_column,
        count(*) as ids,
        sum(row_count) as id_rows,
        max(row_count) as most_rows
    from ids
    group by export, id_column
),

days as (
    {%- for export, told in exports().items() if export != 'orders' %}
    {%- set day = told.day or business_date('signed_up_at') %}
    select
        '{{ export }}' as export,
        '{{ told.time or 'signed_up_at' }}' as time_column,
        {{ day }} as row_date,
        count(*) as row_count,
        sum({{ is_at_midnight(told.time) if told.has_moments else 0 }}) as at_midnight
    from {{ ref(told.staged) }}
    where row_status = 'used' and {{ day }} is not null
    group by {{ day }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

spans as (
    select
        export,
        time_column,
        count(*) as days_with_rows,
        {{ day_diff('min(row_date)', 'max(row_date)') }} + 1 as days_spanned,
        sum(row_count) as row_count,
        sum(at_midnight) as at_midnight
    from days
    group by export, time_column
),

-- days that nothing stands of, between two that enough stands of
day_gaps as (
    select
        *,
        {{ day_diff('row_date', 'next_date') }} - 1 as days_missing
    from (
        select
            export,
            row_count,
            row_date,
            lead(row_count) over (partition by export order by row_date) as next_rows,
            lead(row_date) over (partition by export order by row_date) as next_date
        from days
    ) as followed
),

months_counted as (
    select
        export,
        time_column,
        {{ month_number('row_date') }} as month_number,
        sum(row_count) as row_count
    from days
    group by export, time_column, {{ month_number('row_date') }}
),

months as (
    select
        *,
        count(*) over (partition by export) as month_count,
        lag(row_count) over (partition by export order by month_number) as rows_before,
        lead(row_count) over (partition by export order by month_number) as rows_after,
        lead(month_number) over (partition by export order by month_number) as next_month
    from months_counted
),

unknown_states as (
    {%- for export, told in exports().items() if export in states %}
    select '{{ export }}' as export, '{{ states[export] }}' as state_column, count(*) as row_count
    from {{ ref(told.staged) }}
    where quarantine_reason = '{{ states[export] }} is unknown'
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

facts as (
    select
        export,
        id_column || ' is as unique as ' || case export
            {%- for export, row_id in row_ids.items() %}
            when '{{ export }}' then '{{ row_id }}'
            {%- endfor %}
        end as warning,
        ids as occurrences,
        'columns.' || id_column as setting
    from id_totals
    where
        export in ({{ quoted_list(row_ids) }})
        and id_rows >= {{ var('implausible_min_orders') }}
        and ids >= {{ var('implausible_unique_share') }} * id_rows
    union all
    select
        export,
        id_column || ' is the same in a large share of rows' as warning,
        most_rows as occurrences,
        'columns.' || id_column || ', null_words or settings.not_ids' as setting
    from id_totals
    where
        id_rows >= {{ var('implausible_min_orders') }}
        and most_rows > {{ var('implausible_customer_share') }} * id_rows
        -- of few each has a large share
        and (most_rows * ids > 2 * id_rows or ids = 1)
    union all
    select
        export,
        time_column || ' is always at midnight' as warning,
        at_midnight as occurrences,
        'columns.' || time_column || ' or time_zone' as setting
    from spans
    where
        row_count >= {{ var('implausible_min_orders') }}
        and at_midnight = row_count
        and not exists (
            select 1 from {{ source('ledger', 'value_notes') }} as notes
            where notes.export = spans.export and notes.what = 'dates'
        )
    union all
    select
        export,
        time_column || ' leaves out whole months' as warning,
        sum(next_month - month_number - 1) as occurrences,
        'files or timestamp_format' as setting
    from months
    where
        export in ({{ quoted_list(monthly) }})
        and row_count >= {{ var('implausible_rows_around') }}
        and rows_after >= {{ var('implausible_rows_around') }}
        and next_month > month_number + 1
    group by export, time_column
    union all
    select
        day_gaps.export,
        spans.time_column || ' leaves out single days' as warning,
        sum(day_gaps.days_missing) as occurrences,
        'files or missing_days' as setting
    from day_gaps
    inner join spans on day_gaps.export = spans.export
    where
        day_gaps.export in ({{ quoted_list(daily) }})
        and day_gaps.days_missing > 0
        -- what is spent is reported by day, be it in one row
        and least(day_gaps.row_count, day_gaps.next_rows) >= case
            when day_gaps.export = 'marketing_spend' then 1
            else {{ var('implausible_rows_around') }}
        end
        and spans.days_with_rows >= {{ var('implausible_day_share') }} * spans.days_spanned
        and spans.days_spanned >= {{ var('implausible_min_orders') }}
    group by day_gaps.export, spans.time_column
    union all
    select
        export,
        time_column || ' has a month ten times its neighbours' as warning,
        sum(row_count) as occurrences,
        'files, timestamp_format or columns.' || time_column as setting
    from months
    where
        export in ({{ quoted_list(steady) }})
        -- of three, the first and the last may be parts of a month
        and month_count > 3
        and row_count >= {{ var('implausible_min_orders') }}
        and row_count >= {{ var('implausible_month_factor') }} * rows_before
        and row_count >= {{ var('implausible_month_factor') }} * rows_after
    group by export, time_column
    union all
    select
        export,
        state_column || ' is not mapped' as warning,
        row_count as occurrences,
        case when state_column = 'status' then 'status_map' else 'columns.' || state_column end
            as setting
    from unknown_states
    where row_count > 0
    union all
    select
        'surveys' as export,
        'score is never above ' || cast(max(score) as string)
        || ': is it an answer from 0 to 10?' as warning,
        count(*) as occurrences,
        'columns.score' as setting
    from {{ ref('stg_survey_rows') }}
    where row_status = 'used' and score is not null
    -- stars and smileys end at 5 or 7, and make no promoter
    having count(*) >= {{ var('implausible_min_orders') }} and max(score) <= 7
),

implausible_export_facts as (
    select
        export,
        warning,
        cast(occurrences as bigint) as occurrences,
        'exports.' || export || '.' || setting as setting
    from facts
)

select * from implausible_export_facts
