-- write_identity
INSERT INTO store_identity (store, shard, database_uid, clock, lanes, schema_version)
SELECT {store:String}, {shard:String}, if({database_uid:String} = '', generateUUIDv4(), toUUIDOrZero({database_uid:String})),
    {clock:String}, {lanes:UInt16}, {schema_version:UInt32}
