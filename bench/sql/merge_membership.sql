-- merge_membership
OPTIMIZE TABLE membership FINAL SETTINGS optimize_skip_merged_partitions = 1
