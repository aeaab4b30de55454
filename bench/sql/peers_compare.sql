-- peers_compare: members of a segment, and how many only one of the two has
SELECT sum(bitmapCardinality(o.members)) AS members, sum(bitmapXorCardinality(o.members, p.members)) AS different
FROM (
    SELECT bucket, groupBitmapMergeState(members) AS members FROM membership FINAL
    WHERE account = {account:UInt64} AND segment = {segment:UInt64}
    GROUP BY bucket
) AS o
FULL OUTER JOIN (
    SELECT bucket, groupBitmapState(profile_no) AS members FROM bench_peers.members
    WHERE form = {form:String} AND segment = {segment:UInt64}
    GROUP BY bucket
) AS p ON p.bucket = o.bucket
