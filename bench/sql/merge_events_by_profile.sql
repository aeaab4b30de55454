-- merge_events_by_profile
OPTIMIZE TABLE events_by_profile FINAL SETTINGS optimize_skip_merged_partitions = 1
