-- lanes: which shard holds which lane
SELECT lane, toString(shard) AS shard FROM lanes FINAL ORDER BY lane
