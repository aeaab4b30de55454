multiIf(
    metric = 'Placed Order', map(
        'campaign', if(cityHash64(event, 4) % 5 = 0, '', concat('scampaign-', toString(cityHash64(event, 5) % 50))),
        'value', concat('n', toString(toDecimal64(floor(
            exp(1.5 + 5 * (toFloat64(bitShiftRight(cityHash64(event, 6), 11)) / 9007199254740992)) * 100) / 100, 2))),
        'items', concat('n', toString(1 + cityHash64(event, 7) % 6))),
    metric = 'Clicked Email', map(
        'campaign', if(cityHash64(event, 4) % 5 = 0, '', concat('scampaign-', toString(cityHash64(event, 5) % 50)))),
    CAST(map(), 'Map(String, String)'))
