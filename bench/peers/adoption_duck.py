"""The four adoption tables in SQL by DuckDB, from the same files."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd

from geo.adoption.practice import Practice

LATEST = """
create temp table seen as
select v.site_id, v.district, v.operations::varchar as operations, v.led_by::varchar as led_by,
       v.round::varchar as round, o.practice::varchar as practice, o.state::varchar as state,
       v.visited_on, v.visit_id
from read_parquet('{folder}/observations.parquet') o
join (select *, row_number() over () - 1 as visit from
      read_parquet('{folder}/visits.parquet')) v using (visit)
where o.state <> 'unknown'
  and not exists (select 1 from impossible i
                  where i.operations = v.operations::varchar and i.practice = o.practice::varchar);
create temp table latest as
select site_id, round, practice, any_value(district) as district,
       any_value(operations) as operations, any_value(led_by) as led_by,
       arg_max(state, (visited_on, visit_id)) as state
from seen group by all
union all by name
select site_id, 'all' as round, practice, any_value(district) as district,
       any_value(operations) as operations, any_value(led_by) as led_by,
       arg_max(state, (visited_on, visit_id)) as state
from (select * exclude (round) from seen) group by all;
"""
AREAS = {
    "region": "'region'",
    "district": "district",
    "operation": "unnest(string_split(coalesce(nullif(operations, ''), 'not recorded'), '|'))",
    "sex": "coalesce(led_by, 'not recorded')",
}
TABLE = """
with counted as (
  select area, practice, round, count(*) filter (state = 'used') as used, count(*) as applicable
  from (select {area} as area, practice, round, state from latest where state <> 'not applicable')
  group by all)
select *, (p + z * z / (2 * n) - half) / (1 + z * z / n) as low,
          (p + z * z / (2 * n) + half) / (1 + z * z / n) as high
from (select *, 1.959963984540054 as z, applicable::double as n, used / applicable::double as p,
             1.959963984540054 * sqrt(p * (1 - p) / n + 3.8414588206941236 / (4 * n * n)) as half
      from counted)
"""


def adoption(folder: Path, practices: Sequence[Practice]) -> dict[str, pd.DataFrame]:
    """Used, applicable and the Wilson interval by area, practice and round, by kind of area."""
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        groups = connection.sql(
            f"select distinct operations::varchar from read_parquet('{folder}/visits.parquet')"
        ).fetchall()
        impossible = pd.DataFrame(
            [
                (name, one.code)
                for (name,) in groups
                for one in practices
                if name and set(name.split("|")) <= set(one.excluded_by)
            ],
            columns=["operations", "practice"],
        )
        connection.register("impossible", impossible)
        connection.execute(LATEST.format(folder=folder))
        columns = ["area", "practice", "round", "used", "applicable", "low", "high"]
        return {
            by: connection.sql(TABLE.format(area=area)).df()[columns] for by, area in AREAS.items()
        }
