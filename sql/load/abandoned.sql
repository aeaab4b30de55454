-- abandoned: what loads with an older claim have left in staging; the run of a load is its name
SELECT DISTINCT partition AS run
FROM system.parts
WHERE database = currentDatabase() AND table IN ('run_roots', 'run_results') AND active
    AND partition IN (SELECT extract(holder, '^load-(.+)@') FROM lane_claims WHERE epoch < {epoch:UInt64})
ORDER BY run
