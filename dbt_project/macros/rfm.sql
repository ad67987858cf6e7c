{# Fifth of the buyers by a figure, 1 to 5: by the rank of the first of those alike, so that equal
   values share a score, whatever their ids. #}
{% macro quintile_of_buyers(figure, direction) -%}
case when orders > 0 then 1 + cast(floor(
            5e0 * (rank() over (
                partition by orders > 0 order by {{ figure }} {{ direction }} nulls last
            ) - 1) / count(*) over (partition by orders > 0)
        ) as int) end
{%- endmacro %}

{# The customary names for corners of the recency and frequency grid (scores 1 to 5, 5 is best). #}
{% macro rfm_segment(recency, frequency) -%}
case
            when {{ recency }} is null then 'no order'
            when {{ recency }} >= 4 and {{ frequency }} >= 4 then 'champions'
            when {{ recency }} >= 3 and {{ frequency }} >= 4 then 'loyal'
            when {{ recency }} >= 4 and {{ frequency }} >= 2 then 'potential loyalists'
            when {{ recency }} >= 4 then 'new'
            when {{ recency }} = 3 and {{ frequency }} = 3 then 'need attention'
            when {{ recency }} = 3 then 'about to sleep'
            when {{ frequency }} >= 4 then 'cannot lose'
            when {{ frequency }} >= 3 then 'at risk'
            when {{ recency }} = 2 then 'hibernating'
            else 'lost'
        end
{%- endmacro %}
