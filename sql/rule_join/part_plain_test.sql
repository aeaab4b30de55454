multiIf(
    r.op = 'exists', v.kind != 'absent',
    r.op = 'number', v.kind IN ('digits', 'number') AND v.number >= r.number_from AND v.number < r.number_below,
    r.op = 'time', (v.kind = 'time' AND v.time_ms >= r.from_ms AND v.time_ms < r.to_ms)
        OR (v.kind = 'date' AND v.day >= r.from_day AND v.day < r.to_day),
    r.op = 'item', v.kind = 'list' AND has(v.items, r.text),
    0)
