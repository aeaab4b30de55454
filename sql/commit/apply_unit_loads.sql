-- apply_unit_loads: what was evaluated before the load is due again; again is as once
INSERT INTO unit_loads (account, bucket, seq)
SELECT unit.1, unit.2, seq
FROM (SELECT arrayJoin(loaded) AS unit, seq FROM commits WHERE seq = {seq:UInt64} AND batch = {batch:UUID})
