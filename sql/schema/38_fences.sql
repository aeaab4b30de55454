-- Who may commit. A row is a claim, a heartbeat or a release; the greatest epoch holds.
CREATE TABLE IF NOT EXISTS fences
(
    epoch UInt64,
    holder String COMMENT 'Attempt that holds the fence',
    released UInt8 COMMENT '1: ended in good order, nothing of this epoch is under way',
    at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'By the server''s clock'
)
ENGINE = MergeTree
ORDER BY epoch
COMMENT 'Who may commit: the greatest epoch'
