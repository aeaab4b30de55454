-- merge_traits_by_profile
OPTIMIZE TABLE traits_by_profile FINAL SETTINGS optimize_skip_merged_partitions = 1
