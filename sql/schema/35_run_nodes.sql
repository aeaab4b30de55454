-- Rules of a slice: the and/or graph in slots.
CREATE TABLE IF NOT EXISTS run_nodes
(
    run UUID,
    attempt UUID,
    slice UInt32,
    level UInt16,
    node UInt32 COMMENT 'Slot of the node',
    op Enum8('and' = 1, 'or' = 2),
    child UInt32 COMMENT 'Slot of a criterion, a node or the universe',
    negated UInt8,
    universe UInt32 COMMENT 'Slot of the unit''s universe'
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, level, universe, node)
COMMENT 'Rules of a slice: the and/or graph in slots'
