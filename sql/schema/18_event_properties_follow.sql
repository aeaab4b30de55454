-- Decodes values: the first character is a tag, see segment_rules::value. To add zero turns -0 into 0.
CREATE MATERIALIZED VIEW IF NOT EXISTS event_properties_follow TO event_properties AS
WITH
    substring(value, 1, 1) AS tag,
    position(value, '|') AS bar,
    if(tag IN ('t', 'd'), substring(value, bar + 1), substring(value, 2)) AS payload,
    tag IN ('q', 'n') AS is_number,
    position(payload, '.') AS point,
    if(point = 0, payload, substring(payload, 1, point - 1)) AS whole,
    if(point = 0, '', substring(payload, point + 1, 9)) AS fraction,
    startsWith(whole, '-') AS negative,
    replaceRegexpOne(if(negative, substring(whole, 2), whole), '^0+', '') AS digits
SELECT
    account, bucket, metric, property, toDate(time) AS day, profile_no, time, event,
    transform(tag, ['s', 'q', 'n', 'b', 't', 'd', 'l'], ['text', 'digits', 'number', 'bool', 'time', 'date', 'list'], 'absent') AS kind,
    if(tag = 'l', '', payload) AS text,
    if(is_number, toFloat64OrZero(payload) + 0, 0) AS number,
    if(is_number AND length(digits) <= 29,
        toInt128OrNull(concat(if(negative, '-', ''), digits, rightPad(fraction, 9, '0'))), NULL) AS amount,
    if(tag = 't', toInt64OrZero(substring(value, 2, bar - 2)), 0) AS time_ms,
    if(tag = 'd', toInt32OrZero(substring(value, 2, bar - 2)), 0) AS value_day,
    if(tag = 'l', JSONExtract(payload, 'Array(String)'), []) AS items,
    retracted, version
FROM event_property_values
SETTINGS precise_float_parsing = 1
