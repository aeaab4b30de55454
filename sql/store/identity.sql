-- identity: which store this database belongs to
SELECT store, shard, toString(database_uid) AS database_uid, toString(clock) AS clock, lanes, schema_version
FROM store_identity
ORDER BY schema_version DESC, at DESC
LIMIT 1
