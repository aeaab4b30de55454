-- survey_traits: how many different values the traits of a unit have, up to a limit: whether and how to summarise them
SELECT
    trait,
    count() AS profiles,
    toUInt64(length(groupUniqArrayIf(4097)(sipHash64(kind, text, number, time_ms, day), kind NOT IN ('list', 'point')))) AS values,
    toUInt64(length(groupUniqArrayIf(4097)(text, kind = 'text'))) AS texts,
    uniqCombined(text) AS about_texts,
    toUInt64(length(groupUniqArrayArray(4097)(items))) AS items,
    countIf(kind IN ('digits', 'number', 'time', 'date')) AS ordered,
    countIf(kind IN ('list', 'point')) AS compound
FROM traits FINAL
WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND kind != 'absent'
GROUP BY trait
ORDER BY trait
