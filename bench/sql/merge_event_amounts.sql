-- merge_event_amounts
OPTIMIZE TABLE event_amounts PARTITION {partition:UInt32} FINAL SETTINGS optimize_skip_merged_partitions = 1
