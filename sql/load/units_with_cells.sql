-- units_with_cells: the units that have cells of traits
SELECT DISTINCT account, bucket FROM trait_summaries FINAL WHERE built = 1
