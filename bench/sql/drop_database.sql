-- drop_database
DROP DATABASE IF EXISTS {database:Identifier} SYNC
