-- merge_event_days
OPTIMIZE TABLE event_days PARTITION {partition:UInt32} FINAL SETTINGS optimize_skip_merged_partitions = 1
