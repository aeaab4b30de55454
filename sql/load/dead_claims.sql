-- dead_claims: who claimed the lanes before this epoch and never gave them back
SELECT epoch, holder FROM lane_claims
WHERE epoch < {epoch:UInt64}
GROUP BY epoch, holder
HAVING max(released) = 0
