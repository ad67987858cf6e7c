{#- Newer versions are newer by the same rule as in staging. Read from the newest backwards, a
    version holds from its day until the earliest day of those after it; one that was overtaken
    before its day never held. Of equals, `used` comes before superseded and duplicate. -#}
{%- set told = [
    'country', 'acquisition_source', 'attributes',
    'consent_email', 'consent_sms', 'consent_push', 'consent_messenger',
] -%}
with versions as (
    select
        *,
        coalesce({{ business_date('updated_at') }}, _delivered_at) as told_on
    from {{ ref('stg_customer_rows') }}
    where row_status <> 'quarantined'
),

ended as (
    select
        *,
        min(told_on) over (
            partition by customer_id
            order by
                updated_at desc nulls last, _delivered_at desc, row_status desc,
                _file asc, _line asc
            rows between unbounded preceding and 1 preceding
        ) as overtaken_on
    from versions
),

held as (
    select
        *,
        lag(told_on) over (partition by customer_id order by told_on) as previous_told_on
    from ended
    where overtaken_on is null or told_on < overtaken_on
),

history as (
    select
        held.customer_id,
        {%- for column in told %}
        held.{{ column }},
        {%- endfor %}
        held.told_on,
        case
            when held.previous_told_on is null then date '1900-01-01'
            else held.told_on
        end as valid_from,
        coalesce(held.overtaken_on, date '9999-12-31') as valid_to
    from held
    left join {{ ref('excluded_customers') }} as excluded_customers
        on held.customer_id = excluded_customers.customer_id
    left join {{ ref('customer_merges') }} as links
        on held.customer_id = links.customer_id and links.survivor_id is not null
    where excluded_customers.customer_id is null and links.customer_id is null
)

select * from history
