has(r.month_days, arraySum(
    d -> toMonth(toDate32(d)) * 100 + toDayOfMonth(toDate32(d)),
    multiIf(
        v.kind = 'date', [v.day],
        -- The offset of a zone may carry a time just beyond the years 1900 to 2299, where the server's dates end: 400 years
        -- on or back the calendar is the same.
        v.kind = 'time', arrayMap(
            d -> toInt32(multiIf(d < -25567, d + 146097, d > 120529, d - 146097, d)),
            [intDiv(v.time_ms + r.zone_offset[arrayCount(x -> x <= v.time_ms, r.zone_from)] + 2209161600000, 86400000) - 25569]),
        [])))
