-- create_database
CREATE DATABASE IF NOT EXISTS {database:Identifier}
