
    
    select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
      
    
  -- A row is a complete month whose closing customers are not the ones active within the last
-- churn_after_days days, recounted from the activity days.


with months as (
    select
        base,
        month,
        closing_customers,
        cast(last_day(month) as date) as month_end
    from "build"."marts"."monthly_churn"
    where is_complete and base <> 'subscription'
),

recounted as (
    select
        months.base,
        months.month,
        months.closing_customers,
        count(distinct days.customer_id) as active_customers
    from months
    left join "build"."core"."customer_activity_days" as days
        on
            months.base = days.activity
            and months.month_end >= days.activity_date
            and days.activity_date > cast(date_add(months.month_end, cast(-90 as int)) as date)
    group by months.base, months.month, months.closing_customers
)

select * from recounted
where closing_customers <> active_customers
  
  
      
    ) dbt_internal_test