-- nodes: truth of one level of and/or nodes, page by page
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, node, page, truth
FROM (
    SELECT
        n.node AS node, u.page AS page,
        if(any(n.op) = 'and',
            groupBitmapAndState(if(n.negated = 1, bitmapAndnot(u.truth, c.truth), bitmapAnd(u.truth, c.truth))),
            groupBitmapOrState(if(n.negated = 1, bitmapAndnot(u.truth, c.truth), bitmapAnd(u.truth, c.truth)))) AS truth
    FROM (
        SELECT node, op, child, negated, universe FROM run_nodes
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND level = {level:UInt16}
    ) AS n
    INNER JOIN (
        SELECT slot, page, truth FROM run_bitmaps
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
            AND slot IN (
                SELECT universe FROM run_nodes
                WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND level = {level:UInt16})
    ) AS u ON u.slot = n.universe
    LEFT JOIN (
        SELECT slot, page, truth FROM run_bitmaps
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
            AND slot IN (
                SELECT child FROM run_nodes
                WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND level = {level:UInt16})
    ) AS c ON c.slot = n.child AND c.page = u.page
    GROUP BY node, page
)
WHERE bitmapCardinality(truth) > 0
