-- peers_database: where the peers' forms keep what they make
CREATE DATABASE IF NOT EXISTS bench_peers
