-- A row is a total of all coupons that the campaigns do not add up to.


with sums as (
    select
        coalesce(sum(case when not is_total then redemptions end), 0) as redemptions,
        coalesce(sum(case when is_total then redemptions end), 0) as all_redemptions,
        coalesce(sum(case when not is_total then redemptions_with_order end), 0) as matched,
        coalesce(sum(case when is_total then redemptions_with_order end), 0) as all_matched,
        coalesce(sum(case when not is_total then discount end), 0) as discount,
        coalesce(sum(case when is_total then discount end), 0) as all_discount
    from "build"."marts"."coupon_effect"
)

select * from sums
where redemptions <> all_redemptions or matched <> all_matched or discount <> all_discount