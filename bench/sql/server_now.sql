-- server_now
SELECT toUnixTimestamp64Micro(now64(6)) AS now_us
