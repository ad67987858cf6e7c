with surveys_delivered as (
    select * from {{ source('raw', 'surveys') }}
),

excluded_customers as (
    select * from {{ ref('excluded_customers') }}
),

known as (
    select
        surveys_delivered.*,
        excluded_customers.left_out_because
    from surveys_delivered
    left join excluded_customers
        on surveys_delivered.customer_id = excluded_customers.customer_id
),

judged as (
    select
        *,
        case
            {{ moment_faults('answered_at', source('raw', 'surveys')) }}
            when score not between 0 and 10 then 'score is not in 0 to 10'
            {{ customer_faults() }}
        end as quarantine_reason
    from known
),

versions as (
    select
        *,
        {{ version_columns('survey, customer_id, answered_at') }}
    from judged
),

tagged as (
    select
        customer_id,
        survey,
        comment,
        {{ row_status() }} as row_status,
        quarantine_reason,
        score,
        {{ business_date('answered_at') }} as answer_date,
        answered_at,
        _delivered_at,
        _file,
        _line,
        _run_id
    from versions
)

select * from tagged
