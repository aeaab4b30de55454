-- merges_under_way
SELECT count() AS count FROM system.merges WHERE database = currentDatabase()
