-- merge_traits
OPTIMIZE TABLE traits FINAL SETTINGS optimize_skip_merged_partitions = 1
