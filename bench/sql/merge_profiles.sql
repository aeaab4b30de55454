-- merge_profiles
OPTIMIZE TABLE profiles FINAL SETTINGS optimize_skip_merged_partitions = 1
