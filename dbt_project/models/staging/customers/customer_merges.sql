{#- The end of every chain of merges, by pointer doubling: each step follows twice as many links as
    the one before. A chain that has not ended after 16 links is taken for a cycle. -#}
with customers as (
    select
        *,
        cast(null as string) as quarantine_reason
    from {{ source('raw', 'customers') }}
),

versions as (
    select
        *,
        {{ version_columns('customer_id') }}
    from customers
),

-- what the newest profile says; many systems let a customer who was never merged point at itself
newest as (
    select
        customer_id,
        nullif({{ known_person('merged_into') }}, customer_id) as merged_into
    from versions
    where version_rank = 1
),

pointers_1 as (
    select
        customer_id,
        merged_into as survivor_id
    from newest
    where merged_into is not null
),
{% for links in [1, 2, 4, 8] %}
pointers_{{ links * 2 }} as (
    select
        near.customer_id,
        coalesce(far.survivor_id, near.survivor_id) as survivor_id
    from pointers_{{ links }} as near
    left join pointers_{{ links }} as far on near.survivor_id = far.customer_id
),
{% endfor %}
chains as (
    select
        pointers_16.customer_id,
        pointers_1.survivor_id as merged_into,
        case when next_link.customer_id is null then pointers_16.survivor_id end as survivor_id
    from pointers_16
    inner join pointers_1 on pointers_16.customer_id = pointers_1.customer_id
    left join pointers_1 as next_link on pointers_16.survivor_id = next_link.customer_id
)

select * from chains
