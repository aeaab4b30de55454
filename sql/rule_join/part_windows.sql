        SELECT
            window, source, account, bucket, metric, sipHash64(metric) AS metric_hash, rank, step, steps, from_ms, to_ms, every_ms, latest,
            zone_from, zone_offset, candidates
        FROM run_windows
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
