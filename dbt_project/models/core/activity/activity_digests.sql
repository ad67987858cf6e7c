{#- A sum of hashes is the same in whatever order rows come, and differs when any of them does. -#}
with facts as (
    select * from {{ ref('activity_facts') }}
),

digests as (
    select
        customer_bucket,
        cast(
            cast(
                sum({{ hash_number('customer_key, activity_key, occurrences, revenue') }})
                as decimal(38, 0)
            ) % 9223372036854775807 as bigint
        ) as digest,
        activity_date
    from facts
    group by customer_bucket, activity_date
)

select * from digests
