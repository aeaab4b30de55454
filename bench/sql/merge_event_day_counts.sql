-- merge_event_day_counts
OPTIMIZE TABLE event_day_counts PARTITION {partition:UInt32} FINAL SETTINGS optimize_skip_merged_partitions = 1
