{#- A sum of hashes is the same in whatever order rows come, and differs when any of them does. -#}
with facts as (
    select * from {{ ref('activity_facts') }}
),

digests as (
    select
        customer_bucket,
        cast(count(*) as string)
        || '-' || cast(sum(
            {{ hash_number('customer_id, activity, occurrences, revenue') }}
        ) as string) as digest,
        activity_date
    from facts
    group by customer_bucket, activity_date
)

select * from digests
