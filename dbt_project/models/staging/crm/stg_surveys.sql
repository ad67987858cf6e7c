with rows_used as (
    select * from {{ ref('stg_survey_rows') }}
    where row_status = 'used'
),

survivors as (
    select * from {{ ref('customer_merges') }}
    where survivor_id is not null
),

surveys as (
    select
        coalesce(survivors.survivor_id, rows_used.customer_id) as customer_id,
        rows_used.survey,
        rows_used.score,
        rows_used.answer_date,
        rows_used.answered_at
    from rows_used
    left join survivors on rows_used.customer_id = survivors.customer_id
)

select * from surveys
