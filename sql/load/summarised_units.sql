-- summarised_units: the units whose months are summarised
SELECT DISTINCT account, bucket FROM month_summaries FINAL WHERE built = 1
