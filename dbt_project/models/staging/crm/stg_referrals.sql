{#- Whoever is named has joined, on the day of the invitation unless the export gives another. -#}
{%- set joined_at =
    'coalesce(joined_at, case when invited_customer_id is not null then invited_at end)'
-%}
with rows_used as (
    select * from {{ ref('stg_referral_rows') }}
    where row_status = 'used'
),

survivors as (
    select * from {{ ref('customer_merges') }}
    where survivor_id is not null
),

owned as (
    select
        coalesce(referrers.survivor_id, rows_used.referrer_id) as referrer_id,
        coalesce(invited.survivor_id, rows_used.invited_customer_id) as invited_customer_id,
        rows_used.copy_number,
        rows_used.reward_amount,
        rows_used.invitation_date,
        rows_used.invited_at,
        rows_used.joined_at
    from rows_used
    left join survivors as referrers on rows_used.referrer_id = referrers.customer_id
    left join survivors as invited on rows_used.invited_customer_id = invited.customer_id
),

referrals as (
    select
        referrer_id,
        invited_customer_id,
        copy_number,
        reward_amount,
        {{ business_date(joined_at) }} as joined_date,
        invitation_date,
        invited_at
    from owned
    where invited_customer_id is null or invited_customer_id <> referrer_id
)

select * from referrals
