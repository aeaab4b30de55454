    max(retracted) = 0 AND max(has_text AND kind NOT IN ('absent', 'list', 'point')) = 1
        AND max(has_number AND kind IN ('digits', 'number') AND number IS NOT NULL) = 1 AS counts,
    if(counts = 1, anyIf(value, has_text), '') AS text,
    if(counts = 1, assumeNotNull(anyIf(number, has_number)), toInt128(0)) AS amount,
    max(source_version) AS version
