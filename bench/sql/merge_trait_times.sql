-- merge_trait_times
OPTIMIZE TABLE trait_times FINAL SETTINGS optimize_skip_merged_partitions = 1
