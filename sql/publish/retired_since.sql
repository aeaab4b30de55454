-- retired_since: how many definitions were retired since a version was given
SELECT uniqExact(account, segment) AS retired FROM definitions WHERE state = 'retired' AND version >= {version:UInt64}
