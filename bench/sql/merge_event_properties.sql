-- merge_event_properties
OPTIMIZE TABLE event_properties PARTITION {partition:UInt32} FINAL SETTINGS optimize_skip_merged_partitions = 1
