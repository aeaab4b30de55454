-- criteria: the canonical criteria of the accounts of a run
SELECT account, criterion, form
FROM criteria FINAL
WHERE account IN (SELECT account FROM runs WHERE run = {run:UUID})
ORDER BY account, criterion
