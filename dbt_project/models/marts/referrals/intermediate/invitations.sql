{#- A customer invited by several belongs to the invitation by which they joined first. -#}
with as_of as (
    select * from {{ ref('as_of') }}
),

ranked as (
    select
        referrals.*,
        coalesce(referrals.joined_date <= as_of.as_of_date, false) as is_taken_up,
        row_number() over (
            partition by referrals.invited_customer_id
            order by
                referrals.joined_date, referrals.invited_at, referrals.referrer_id,
                referrals.copy_number
        ) as join_rank
    from {{ ref('stg_referrals') }} as referrals
    inner join as_of on referrals.invitation_date <= as_of.as_of_date
),

invitations as (
    select
        referrer_id,
        invited_customer_id,
        reward_amount,
        is_taken_up and (invited_customer_id is null or join_rank = 1) as has_joined,
        {{ month_start('invitation_date') }} as month,
        joined_date,
        invitation_date
    from ranked
)

select * from invitations
