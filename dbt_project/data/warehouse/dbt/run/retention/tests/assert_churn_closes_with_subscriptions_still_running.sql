
    
    select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
      
    
  -- A row is a complete month whose closing customers of base subscription are not those whose
-- paid subscriptions run on after its last day, or ended no more than grace_days before.


with months as (
    select
        month,
        closing_customers,
        cast(last_day(month) as date) as month_end
    from "build"."marts"."monthly_churn"
    where is_complete and base = 'subscription'
),

recounted as (
    select
        months.month,
        months.closing_customers,
        count(distinct episodes.customer_id) as running_customers
    from months
    left join "build"."core"."subscription_episodes" as episodes
        on
            months.month_end >= episodes.start_date
            and (
                episodes.end_date is null
                or cast(date_add(episodes.end_date, cast(0 as int)) as date) > months.month_end
            )
    group by months.month, months.closing_customers
)

select * from recounted
where closing_customers <> running_customers
  
  
      
    ) dbt_internal_test