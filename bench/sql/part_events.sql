    SELECT
        sipHash64(concat('bench-', toString(intDiv(number, {events:UInt64})))) AS account,
        {bucket:UInt16} AS bucket,
        cityHash64({seed:UInt64}, {bucket:UInt16}, {month:Date}, number) AS event,
        toUInt32(toUInt64(floor({profiles:UInt64} * pow(toFloat64(bitShiftRight(cityHash64(event, 1), 11)) / 9007199254740992, 2.5)))
            * 2654435761 % {profiles:UInt64}) AS profile_no,
        cityHash64(event, 2) % 100 AS dice,
        multiIf(
            dice < 40, 'Opened Email', dice < 70, 'Viewed Product', dice < 82, 'Clicked Email', dice < 92, 'Placed Order',
            dice < 98, 'Started Checkout', 'Refunded Order') AS metric,
        fromUnixTimestamp64Milli({from_ms:Int64} + toInt64(cityHash64(event, 3) % {span_ms:UInt64}), 'UTC') AS time
    FROM numbers({accounts:UInt64} * {events:UInt64})
