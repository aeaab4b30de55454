-- log_flush
SYSTEM FLUSH LOGS
