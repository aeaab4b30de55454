-- nodes: the graph of the accounts of a run
SELECT account, node, level, toString(op) AS op, toString(child_kind) AS child_kind, child, negated
FROM nodes FINAL
WHERE account IN (SELECT account FROM runs WHERE run = {run:UUID})
ORDER BY account, node
