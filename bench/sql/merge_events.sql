-- merge_events
OPTIMIZE TABLE events PARTITION {partition:UInt32} FINAL SETTINGS optimize_skip_merged_partitions = 1
