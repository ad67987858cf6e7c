-- The marts of money as one would write them for this one shop, by hand and for DuckDB alone: one
-- export, one currency, no identities, no costs, nothing cancelled, nothing kept from one run to the
-- next. What the models are measured against. Of an order that was delivered twice the newest
-- version counts, as it does for them.
-- Reads raw.orders of the database `shop`, writes into the current one.

create table repeated as
select hash(order_id) as id_hash from shop.raw.orders group by id_hash having count(*) > 1;

create view versions as
select order_id, customer_id, ordered_at, status, channel, amount, discount_amount
from shop.raw.orders
where hash(order_id) not in (from repeated)
union all
select order_id, customer_id, ordered_at, status, channel, amount, discount_amount
from shop.raw.orders
where hash(order_id) in (from repeated)
qualify row_number() over (
    partition by order_id order by updated_at desc nulls last, _delivered_at desc, _content
) = 1;

create table customers as
select customer_id, row_number() over (order by md5(customer_id), customer_id)::int as customer
from (select distinct customer_id from shop.raw.orders where customer_id is not null);

create table bounds as
select
    min(ordered_at)::date as first_date, max(ordered_at)::date as as_of_date,
    (max(ordered_at)::date - date '1970-01-01')::int as as_of
from versions;

create table moves as
select
    customer, order_id, ordered_at, (ordered_at::date - date '1970-01-01')::int as day,
    amount::decimal(18, 4) as amount, coalesce(discount_amount, 0)::decimal(18, 4) as discount,
    status = 'refunded' as is_refunded, channel
from versions join customers using (customer_id)
where status <> 'pending';

create view orders as from moves where amount >= 0;

-- a refund names no order: it goes to the latest one at or before it, else to the first
create table refunds as
with refunds as (
    select customer, ordered_at as refunded_at, day as refund_day, -amount as amount
    from moves where amount < 0
),

concerned as (
    select customer, ordered_at, day from orders where customer in (select customer from refunds)
)

select
    refunds.customer, refunds.amount, refunds.refund_day,
    coalesce(latest.day, earliest.day) as order_day
from refunds
asof left join concerned as latest
    on refunds.customer = latest.customer and refunds.refunded_at >= latest.ordered_at
left join (select customer, min(day) as day from concerned group by customer) as earliest
    on refunds.customer = earliest.customer;

create table flows as
select
    customer, day, sum(revenue) as revenue, sum(cash) as cash,
    count(*) filter (is_order) > 0 as has_order
from (
    select
        customer, day, true as is_order,
        case when is_refunded then 0 else amount end as revenue,
        case when is_refunded then 0 else amount end as cash
    from orders
    union all
    select customer, order_day, false, -amount, 0 from refunds where order_day is not null
    union all
    select customer, refund_day, false, 0, -amount from refunds
)
group by all;

create table bought as
select
    customer, count(*) as orders, sum(amount) as amount, sum(discount) as discounts,
    coalesce(sum(amount) filter (is_refunded), 0) as refunded,
    min(day) as first_day, max(day) as last_day,
    arg_min(channel, row(ordered_at, order_id)) as channel
from orders group by customer;

create macro month_of(n) as
year(date '1970-01-01' + n::int) * 12 + month(date '1970-01-01' + n::int) - 1;
create macro month_start(m) as make_date(m // 12, m % 12 + 1, 1);

create table cohort_value as
with customers as (select customer, month_of(first_day) as cohort from bought),

sizes as (select cohort, count(*) as cohort_size from customers group by cohort),

totals as (
    select
        cohort, greatest(0, month_of(day) - cohort) as age, sum(revenue) as revenue,
        sum(cash) as cash
    from flows join customers using (customer) group by all
),

cells as (
    select
        cohort, cohort_size, unnest(generate_series(0, month_of(as_of) - cohort)) as age, as_of_date
    from sizes, bounds
),

filled as (
    select
        cells.*, coalesce(revenue, 0) as revenue, coalesce(cash, 0) as cash,
        last_day(month_start(cohort + age)) <= as_of_date as is_complete
    from cells left join totals using (cohort, age)
),

summed as (
    select
        *, sum(revenue) over so_far as revenue_so_far, sum(cash) over so_far as cash_so_far,
        case when bool_and(is_complete) over so_far then cohort_size end as observed
    from filled
    window so_far as (partition by cohort order by age rows unbounded preceding)
)

select
    age as months_since_first_order, cohort_size, revenue, cash as revenue_cash,
    revenue_so_far as cumulative_revenue, cash_so_far as cumulative_revenue_cash,
    revenue_so_far::double / observed as cumulative_revenue_per_customer,
    cash_so_far::double / observed as cumulative_revenue_per_customer_cash,
    is_complete, month_start(cohort) as cohort_month
from summed;

create table value_curve as
select
    months_since_first_order, count(*) as cohorts, sum(cohort_size) as eligible_customers,
    sum(cumulative_revenue) as cumulative_revenue,
    sum(cumulative_revenue_cash) as cumulative_revenue_cash,
    sum(cumulative_revenue)::double / sum(cohort_size) as cumulative_revenue_per_customer
from cohort_value where cumulative_revenue_per_customer is not null
group by months_since_first_order;

create table measured as
with given_back as (select customer, sum(amount) as amount from refunds group by customer),

repeated as (
    select
        customer, count(*) filter (has_order) - 1 as frequency,
        sum(revenue) filter (has_order and day > first_day) as repeat_revenue
    from flows join bought using (customer) group by customer
)

select
    coalesce(bought.customer, given_back.customer) as customer, coalesce(orders, 0) as orders,
    coalesce(bought.amount, 0) as amount, coalesce(discounts, 0) as discounts,
    coalesce(refunded, 0) + coalesce(given_back.amount, 0) as refunds,
    coalesce(bought.amount, 0) - coalesce(refunded, 0) - coalesce(given_back.amount, 0) as net,
    frequency, repeat_revenue, first_day, last_day
from bought
full join given_back on bought.customer = given_back.customer
left join repeated on bought.customer = repeated.customer;

-- days and orders have few values: their ranks are counted, only money is put in order
create table customer_value as
with buyers as (select *, as_of - last_day as silent from measured, bounds where orders > 0),

by_silence as (
    select silent, 1 + floor(5 * (sum(n) over (order by silent desc) - n) / sum(n) over ())
        as recency_score
    from (select silent, count(*) as n from buyers group by silent)
),

by_orders as (
    select orders, 1 + floor(5 * (sum(n) over (order by orders) - n) / sum(n) over ())
        as frequency_score
    from (select orders, count(*) as n from buyers group by orders)
),

by_money as (
    select customer, 1 + floor(5 * (rank() over (order by net) - 1) / count(*) over ())
        as monetary_score
    from buyers
),

scored as (
    select measured.*, recency_score, frequency_score, monetary_score, silent, as_of
    from measured
    cross join bounds
    left join by_money using (customer)
    left join by_silence on measured.orders > 0 and as_of - measured.last_day = by_silence.silent
    left join by_orders on measured.orders = by_orders.orders
)

select
    customer_id,
    case
        when recency_score is null then 'no order'
        when recency_score >= 4 and frequency_score >= 4 then 'champions'
        when recency_score >= 3 and frequency_score >= 4 then 'loyal'
        when recency_score >= 4 and frequency_score >= 2 then 'potential loyalists'
        when recency_score >= 4 then 'new'
        when recency_score = 3 and frequency_score = 3 then 'need attention'
        when recency_score = 3 then 'about to sleep'
        when frequency_score >= 4 then 'cannot lose'
        when frequency_score >= 3 then 'at risk'
        when recency_score = 2 then 'hibernating'
        else 'lost'
    end as rfm_segment,
    orders, amount + discounts as gross_revenue, discounts, refunds, net as net_revenue,
    net::double / nullif(orders, 0) as average_order_value, frequency,
    last_day - first_day as recency_days, as_of - first_day as age_days,
    repeat_revenue::double / nullif(frequency, 0) as monetary_value,
    silent as days_since_last_order, recency_score, frequency_score, monetary_score,
    date '1970-01-01' + first_day as first_order_date
from scored join customers using (customer);

create table value_concentration as
with ranked as (
    select
        net, row_number() over (order by net desc) as place, count(*) over () as n,
        sum(net) over () as total
    from measured where orders > 0
)

select
    top_share, count(*) as customers, any_value(n) as all_customers, sum(net) as revenue,
    any_value(total) as total_revenue
from ranked join (select unnest([0.01, 0.05, 0.1, 0.2]) as top_share)
    on place <= ceil(top_share * n)
group by top_share;

create table weights as
with draws as (
    select r as replicate, g as sample_group, substring(md5(r || '/' || g), 1, 8) as drawn
    from range(1000) as replicates (r), range(400) as sample_groups (g)
)

select
    replicate, sample_group, case
        when drawn < '5e2d58d8' then 0 when drawn < 'bc5ab1b1' then 1 when drawn < 'eb715e1d' then 2
        when drawn < 'fb239797' then 3 when drawn < 'ff1025f5' then 4 when drawn < 'ffd90f3b' then 5
        else 6
    end as weight
from draws;

-- customers are numbered by the md5 of their id, so that they are dealt by a number
create table samples as
with spent as (
    select
        customer, any_value(channel) as channel, any_value(first_day) as first_day,
        coalesce(sum(revenue) filter (day <= first_day + 90), 0) as h90,
        coalesce(sum(revenue) filter (day <= first_day + 180), 0) as h180,
        coalesce(sum(revenue) filter (day <= first_day + 365), 0) as h365
    from (
        select customer, channel, first_day, day, case when day > first_day + 30 then revenue end
            as revenue
        from flows join bought using (customer)
    ) group by customer
),

observed as (
    select customer, channel, horizon_days, revenue
    from (
        select customer, channel, first_day, 90 as horizon_days, h90 as revenue from spent
        union all select customer, channel, first_day, 180, h180 from spent
        union all select customer, channel, first_day, 365, h365 from spent
    ), bounds
    where first_day + horizon_days <= as_of
),

dealt as (
    select 'all' as segment, horizon_days, revenue, row_number() over (
        partition by horizon_days order by customer
    ) % 400 as sample_group from observed
    union all
    select 'channel=' || channel, horizon_days, revenue, row_number() over (
        partition by channel, horizon_days order by customer
    ) % 400 from observed
)

select segment, horizon_days, sample_group, count(*) as members, sum(revenue) as revenue
from dealt group by all;

create table segment_value as
with means as (
    select
        segment, horizon_days, sum(members) as all_members, sum(revenue)::double as total,
        sum(revenue)::double / sum(members) as mean
    from samples group by all
),

centred as (
    select segment, horizon_days, sample_group, members::double as size,
        revenue::double - total * members / all_members as excess
    from samples join means using (segment, horizon_days)
),

errors as (
    select segment, horizon_days, any_value(mean) as mean, any_value(all_members) as members,
        sqrt(sum(excess * excess)) / any_value(all_members) as error
    from centred join means using (segment, horizon_days) group by all
),

resampled as (
    select
        segment, horizon_days, replicate, sum(weight * size) as size,
        sum(weight * excess) as excess, sum(weight * size * size) as size_size,
        sum(weight * size * excess) as size_excess, sum(weight * excess * excess) as excess_excess
    from centred join weights using (sample_group) where weight > 0 group by all
),

deviations as (
    select
        segment, horizon_days, replicate, excess / size as shift,
        sqrt(greatest(0, excess_excess - 2 * excess / size * size_excess
            + (excess / size) * (excess / size) * size_size)) / size as own_error
    from resampled
),

ranked as (
    select
        segment, horizon_days, shift / own_error as deviation,
        row_number() over (
            partition by segment, horizon_days order by shift / own_error, replicate
        ) as place,
        count(*) over (partition by segment, horizon_days) as n
    from deviations join errors using (segment, horizon_days) where own_error > 1e-6 * error
),

ends as (
    select
        segment, horizon_days, max(deviation) filter (place = ceil(0.025 * n)) as lowest,
        max(deviation) filter (place = n + 1 - ceil(0.025 * n)) as highest
    from ranked group by all
)

select
    segment, horizon_days, members, mean as landmark_ltv, mean - highest * error as landmark_ltv_low,
    mean - lowest * error as landmark_ltv_high
from errors join ends using (segment, horizon_days)
where members >= 30;
