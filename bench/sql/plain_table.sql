-- plain_table: the events of a file as they are, in one order, with no views
CREATE TABLE plain_events
(
    account LowCardinality(String), id String, profile String, metric LowCardinality(String),
    time DateTime64(3, 'UTC'), properties String
)
ENGINE = MergeTree ORDER BY (account, metric, time)
