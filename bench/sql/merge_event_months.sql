-- merge_event_months
OPTIMIZE TABLE event_months PARTITION {partition:UInt32} FINAL SETTINGS optimize_skip_merged_partitions = 1
