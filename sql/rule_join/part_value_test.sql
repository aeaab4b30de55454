if(r.op = 'anniversary',
    has(r.month_days, multiIf(
        v.kind = 'date', toMonth(toDate32(v.day)) * 100 + toDayOfMonth(toDate32(v.day)),
        v.kind = 'time', toMonth(fromUnixTimestamp64Milli(v.time_ms
                + r.zone_offset[arrayCount(x -> x <= v.time_ms, r.zone_from)], 'UTC')) * 100
            + toDayOfMonth(fromUnixTimestamp64Milli(v.time_ms
                + r.zone_offset[arrayCount(x -> x <= v.time_ms, r.zone_from)], 'UTC')),
        0)),
    multiIf(
        r.op = 'exists', v.kind != 'absent',
        r.op = 'number', v.kind IN ('digits', 'number') AND v.number >= r.number_from AND v.number < r.number_below,
        r.op = 'time', (v.kind = 'time' AND v.time_ms >= r.from_ms AND v.time_ms < r.to_ms)
            OR (v.kind = 'date' AND v.day >= r.from_day AND v.day < r.to_day),
        r.op = 'item', v.kind = 'list' AND has(v.items, r.text),
        0))
