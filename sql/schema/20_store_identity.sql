-- Which store this database belongs to.
CREATE TABLE IF NOT EXISTS store_identity
(
    store String COMMENT 'Name of the store, chosen when it was made',
    shard String COMMENT 'Name of this shard in the store',
    database_uid UUID DEFAULT generateUUIDv4() COMMENT 'Given once: another value means that the database was made anew',
    clock Enum8('system' = 1, 'fixed' = 2) COMMENT 'Which kind of clock the store was made with; the other is refused',
    lanes UInt16 COMMENT 'Number of lanes, fixed',
    schema_version UInt32 COMMENT 'Number of the last schema step that was applied',
    at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY at
COMMENT 'Which store this database belongs to, and the schema steps that it has; the newest row holds'
