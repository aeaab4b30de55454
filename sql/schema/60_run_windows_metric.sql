-- What the table of a store that was made before does not know; a new one has it.
ALTER TABLE run_windows
    ADD COLUMN IF NOT EXISTS account UInt64
        COMMENT 'With bucket, metric and rank: whose events the window looks at, if its source has no conditions' AFTER source,
    ADD COLUMN IF NOT EXISTS bucket UInt16 AFTER account,
    ADD COLUMN IF NOT EXISTS metric LowCardinality(String)
        COMMENT 'A row for each metric of the source; empty: the events are staged in run_events' AFTER bucket,
    ADD COLUMN IF NOT EXISTS rank UInt16 COMMENT 'As in run_sources' AFTER metric
