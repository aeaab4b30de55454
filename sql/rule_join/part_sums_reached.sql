    GROUP BY window, profile_no
) AS a
INNER JOIN (
    SELECT window, slot, op, toInt256(amount) AS amount, bounded, above FROM run_thresholds
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op BETWEEN 'sum' AND 'average'
) AS t ON t.window = a.window
WHERE multiIf(
    t.op = 'sum', a.amount >= t.amount,
    t.op = 'negative_sum', -a.amount >= t.amount,
    t.bounded = 0 OR if(t.above = 1, a.amount > t.amount * toInt256(a.amounts), a.amount >= t.amount * toInt256(a.amounts)))
GROUP BY slot, page
