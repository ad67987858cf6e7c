{#- A person who had several profiles has the survivor's, filled up from the others; they signed up
    when the first of them did. -#}
{%- set kept = [
    'email', 'phone', 'name', 'country', 'acquisition_source', 'attributes', 'is_test',
    'consent_email', 'consent_sms', 'consent_push', 'consent_messenger', 'birth_date'
] -%}
with survivors as (
    select * from {{ ref('customer_merges') }}
    where survivor_id is not null
),

listed as (
    select customer_id from {{ source('ledger', 'excluded_customers') }}
),

profiles as (
    select
        coalesce(survivors.survivor_id, customer_rows.customer_id) as customer_id,
        case when customer_rows.email like '%@%' then customer_rows.email end as email,
        customer_rows.phone,
        customer_rows.name,
        coalesce(countries.shown, customer_rows.country) as country,
        coalesce(sources.shown, customer_rows.acquisition_source) as acquisition_source,
        customer_rows.attributes,
        customer_rows.is_test or listed.customer_id is not null as is_test,
        customer_rows.consent_email,
        customer_rows.consent_sms,
        customer_rows.consent_push,
        customer_rows.consent_messenger,
        case
            when customer_rows.birth_date <= customer_rows._delivered_at
                then customer_rows.birth_date
        end as birth_date,
        customer_rows.signed_up_at,
        row_number() over (
            partition by coalesce(survivors.survivor_id, customer_rows.customer_id)
            order by
                case when survivors.survivor_id is null then 0 else 1 end asc,
                customer_rows.is_test asc,
                customer_rows.updated_at desc nulls last,
                customer_rows._delivered_at desc,
                customer_rows.customer_id asc
        ) as profile_rank,
        count(*) over (
            partition by coalesce(survivors.survivor_id, customer_rows.customer_id)
        ) as profile_count
    from {{ ref('stg_customer_rows') }} as customer_rows
    left join survivors on customer_rows.customer_id = survivors.customer_id
    left join {{ ref('spellings') }} as countries
        on countries.kind = 'country' and customer_rows.country = countries.written
    left join {{ ref('spellings') }} as sources
        on sources.kind = 'source' and customer_rows.acquisition_source = sources.written
    left join listed
        on coalesce(survivors.survivor_id, customer_rows.customer_id) = listed.customer_id
    where customer_rows.row_status = 'used'
),

customers as (
    select
        customer_id,
        {{ kept | join(',\n        ') }},
        signed_up_at
    from profiles
    where profile_count = 1
    union all
    select
        customer_id,
        {%- for column in kept %}
        min_by({{ column }}, profile_rank) filter (where {{ column }} is not null)
            as {{ column }},
        {%- endfor %}
        min(signed_up_at) as signed_up_at
    from profiles
    where profile_count > 1
    group by customer_id
)

select * from customers
