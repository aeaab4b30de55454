-- Who may give profile numbers in a lane.
CREATE TABLE IF NOT EXISTS lane_claims
(
    lane UInt16 COMMENT 'The lane that is claimed',
    epoch UInt64 COMMENT 'Rises with each claim; the greatest holds',
    holder String COMMENT 'Name of the process',
    at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'Heartbeat by the server''s clock',
    released UInt8 COMMENT '1: the holder has ended in good order'
)
ENGINE = MergeTree
ORDER BY (lane, epoch)
COMMENT 'Claims on lanes: only the newest claim''s holder gives profile numbers'
