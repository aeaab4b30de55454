-- The and/or graph of definitions, shared within an account. A reference to a segment is an edge.
CREATE TABLE IF NOT EXISTS nodes
(
    account UInt64,
    node UInt64 COMMENT 'Hash of the node with all below it',
    level UInt16 COMMENT '1 for a node of criteria only, else 1 + the greatest level of its children',
    op Enum8('and' = 1, 'or' = 2),
    child_kind Enum8('criterion' = 1, 'node' = 2, 'universe' = 3),
    child UInt64 COMMENT 'A criterion, a node, or 0',
    negated UInt8 COMMENT '1: the profiles that are not in the child'
)
ENGINE = ReplacingMergeTree
ORDER BY (account, node, child_kind, child, negated)
SETTINGS index_granularity = 256
COMMENT 'The and/or graph of definitions, shared within an account'
