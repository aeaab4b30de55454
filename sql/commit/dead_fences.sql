-- dead_fences: who took one of the last epochs before this one and never gave it back; each is looked for at every epoch that
-- follows, so the last ones will do
SELECT epoch, holder FROM fences
WHERE epoch < {epoch:UInt64} AND epoch + 100 >= {epoch:UInt64}
GROUP BY epoch, holder
HAVING max(released) = 0
