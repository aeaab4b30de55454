    AND f.day BETWEEN
        (SELECT toDate(toUInt16(greatest(0, least(65535, intDiv(min(reach_from_ms), 86400000))))) FROM sources)
        AND (SELECT toDate(toUInt16(greatest(0, least(65535, intDiv(max(reach_to_ms) - 1, 86400000))))) FROM sources)
