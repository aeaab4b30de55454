has(r.month_days, multiIf(
    v.kind = 'date', toMonth(toDate32(v.day)) * 100 + toDayOfMonth(toDate32(v.day)),
    v.kind = 'time', toMonth(fromUnixTimestamp64Milli(v.time_ms
            + r.zone_offset[arrayCount(x -> x <= v.time_ms, r.zone_from)], 'UTC')) * 100
        + toDayOfMonth(fromUnixTimestamp64Milli(v.time_ms
            + r.zone_offset[arrayCount(x -> x <= v.time_ms, r.zone_from)], 'UTC')),
    0))
