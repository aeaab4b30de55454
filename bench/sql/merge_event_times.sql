-- merge_event_times
OPTIMIZE TABLE event_times PARTITION {partition:UInt32} FINAL SETTINGS optimize_skip_merged_partitions = 1
