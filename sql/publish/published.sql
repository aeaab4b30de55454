-- published: all definitions of the store that are not retired, and those that are but whose members are still there
SELECT d.account AS account, d.segment AS segment, d.path AS path, d.newest AS newest, d.state AS state
FROM (
    SELECT account, segment, argMax(name, version) AS path, max(version) AS newest, toString(argMax(definitions.state, version)) AS state
    FROM definitions
    GROUP BY account, segment
) AS d
LEFT JOIN (
    SELECT account, segment, min(version) AS least FROM live_definitions FINAL GROUP BY account, segment
) AS l ON l.account = d.account AND l.segment = d.segment
WHERE d.state != 'retired' OR (l.least > 0 AND l.least < d.newest)
