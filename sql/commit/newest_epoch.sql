-- newest_epoch
SELECT max(epoch) AS epoch FROM fences
