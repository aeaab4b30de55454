AND f.day BETWEEN
    (SELECT toDate(toUInt16(greatest(0, least(65535, intDiv(min(from_ms), 86400000))))) FROM windows)
    AND (SELECT toDate(toUInt16(greatest(0, least(65535, intDiv(max(to_ms) - 1, 86400000))))) FROM windows)
