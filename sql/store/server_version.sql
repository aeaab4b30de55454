-- server_version
SELECT version() AS version
