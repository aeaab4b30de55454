"""The segments of segments.json by hand in DuckDB: one pass over the file, one row a profile, a column a segment.

Arguments: the file of events (NDJSON) and the instant. Prints the seconds after the import and the members by segment.
"""

import json
import sys
import time

import duckdb

QUERY = """
WITH orders AS (
    SELECT
        profile, time::TIMESTAMP AS time, (properties.value)::DECIMAL(18, 2) AS value, (properties.cds)::DOUBLE AS cds,
        epoch(as_of - time::TIMESTAMP) / 86400 AS age
    FROM (
        SELECT DISTINCT ON (account, profile, metric, time, id) *, $as_of::TIMESTAMP AS as_of
        FROM read_json($file, format = 'newline_delimited', columns = {
            account: 'VARCHAR', id: 'VARCHAR', profile: 'VARCHAR', metric: 'VARCHAR', time: 'VARCHAR',
            properties: 'STRUCT("value" VARCHAR, cds VARCHAR)'})
        WHERE metric = 'Placed Order'
    )
    WHERE time::TIMESTAMP <= as_of
),
profiles AS (
    SELECT
        profile,
        count(*) AS n, count(*) FILTER (age < 30) AS n30, count(*) FILTER (age < 90) AS n90, count(*) FILTER (age < 180) AS n180,
        count(*) FILTER (age < 365) AS n365, sum(value) AS v, sum(value) FILTER (age < 365) AS v365, max(value) AS greatest,
        min(value) AS least, count(*) FILTER (age < 365 AND cds >= 5) AS five, count(*) FILTER (cds >= 3) AS three,
        sum(value) FILTER (cds >= 3) AS v3, count(DISTINCT time::DATE) FILTER (age < 365) AS days365, min(age) AS latest
    FROM orders
    GROUP BY profile
)
SELECT
    count(*) FILTER (n30 >= 1) AS "ordered-30d", count(*) FILTER (n90 >= 1) AS "ordered-90d",
    count(*) FILTER (n365 >= 1) AS "ordered-365d", count(*) FILTER (n180 >= 2) AS "two-180d",
    count(*) FILTER (n365 >= 3) AS "three-365d", count(*) FILTER (n >= 5) AS "five-ever", count(*) FILTER (n >= 10) AS "ten-ever",
    count(*) FILTER (n = 1) AS "one-time", count(*) FILTER (n >= 3 AND n180 = 0) AS "lapsed",
    count(*) FILTER (v365 >= 100) AS "spent-100-365d", count(*) FILTER (v >= 500) AS "spent-500",
    count(*) FILTER (v >= 50 * n) AS "average-50", count(*) FILTER (greatest >= 100) AS "max-100",
    count(*) FILTER (least >= 10) AS "min-10", count(*) FILTER (five >= 1) AS "five-cds-365d",
    count(*) FILTER (three >= 3) AS "three-cds-thrice", count(*) FILTER (v3 >= 200) AS "spent-200-on-many",
    count(*) FILTER (days365 >= 3) AS "three-days-365d", count(*) FILTER (latest >= 90 AND latest < 180) AS "last-90d-to-180d",
    count(*) FILTER ((v >= 300 AND n90 >= 1) OR n >= 8) AS "large-and-recent"
FROM profiles
"""


def main() -> None:
    started = time.monotonic()
    cursor = duckdb.execute(QUERY, {"file": sys.argv[1], "as_of": sys.argv[2]})
    names = [column[0] for column in cursor.description]
    members = dict(zip(names, cursor.fetchone()))
    print(json.dumps({"seconds": time.monotonic() - started, "version": duckdb.__version__, "members": members}))


main()
