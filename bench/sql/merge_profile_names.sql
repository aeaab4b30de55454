-- merge_profile_names
OPTIMIZE TABLE profile_names FINAL SETTINGS optimize_skip_merged_partitions = 1
