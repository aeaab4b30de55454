(account, bucket, trait, profile_no, kind, text, number, time_ms, day, items, latitude, longitude, set_ms, version)
WITH
    {trait:String} AS trait,
    ['US', 'US', 'US', 'US', 'US', 'GB', 'GB', 'CA', 'CA', 'DE', 'FR', 'AU', 'NL', 'ES', 'JP', 'BR'] AS countries,
    ['subscribed', 'subscribed', 'subscribed', 'subscribed', 'subscribed', 'subscribed', 'unsubscribed', 'unsubscribed', 'never'] AS statuses
SELECT
    account, {bucket:UInt16} AS bucket, trait, toUInt32(n % {profiles:UInt64}) AS profile_no,
    multiIf(
        trait IN ('p/country', 'p/city', 'consent/email', 'consent/sms'), 'text',
        trait IN ('p/tier', 'p/lifetime_value'), 'number',
        trait = 'p/last_seen', 'time',
        trait = 'p/birthday', 'date',
        trait = 'p/interests', 'list',
        trait = 'geo', 'point',
        'bool') AS kind,
    multiIf(
        trait = 'p/country', countries[h % 16 + 1],
        trait = 'p/city', concat('city-', toString(toUInt32(20000 * u * u))),
        trait = 'p/tier', toString(1 + h % 5),
        trait = 'p/lifetime_value', toString(value),
        trait = 'p/last_seen', concat(replaceOne(toString(toDateTime(toUInt32(intDiv(seen_ms, 1000)), 'UTC')), ' ', 'T'), 'Z'),
        trait = 'p/birthday', toString(toDate32(born)),
        trait IN ('consent/email', 'consent/sms'), statuses[h % 9 + 1],
        trait IN ('p/interests', 'geo'), '',
        'true') AS text,
    multiIf(trait = 'p/tier', toFloat64(1 + h % 5), trait = 'p/lifetime_value', toFloat64(value), 0.) AS number,
    if(trait = 'p/last_seen', intDiv(seen_ms, 1000) * 1000, 0) AS time_ms,
    if(trait = 'p/birthday', born, 0) AS day,
    if(trait = 'p/interests', arrayMap(i -> concat('topic-', toString(cityHash64(h, i) % 50)), range(1 + h % 4)), []) AS items,
    if(trait = 'geo', 25 + 24 * u, 0.) AS latitude,
    if(trait = 'geo', -124 + 57 * v, 0.) AS longitude,
    if(startsWith(trait, 'consent/'), {as_of_ms:Int64} - toInt64(1095 * 86400000. * u), -9223372036854775808) AS set_ms,
    1 AS version
FROM (
    SELECT
        number AS n,
        sipHash64(concat('bench-', toString(intDiv(number, {profiles:UInt64})))) AS account,
        cityHash64({seed:UInt64}, {trait:String}, {bucket:UInt16}, number) AS h,
        cityHash64(h, 1) AS g,
        toFloat64(bitShiftRight(cityHash64(h, 2), 11)) / 9007199254740992 AS u,
        toFloat64(bitShiftRight(cityHash64(h, 3), 11)) / 9007199254740992 AS v,
        toDecimal64(floor(exp(8 * u) * 100) / 100, 2) AS value,
        toInt32(-9131 + h % 22600) AS born,
        {as_of_ms:Int64} - toInt64(730 * 86400000. * u * u) AS seen_ms
    FROM numbers({accounts:UInt64} * {profiles:UInt64})
    WHERE g % 100 < {percent:UInt8}
)
