-- event_amounts: the numbers of new events beside a text of theirs, as pairs name them
INSERT INTO event_amounts (
    account, bucket, metric, property, summed, day, profile_no, time, event, counts, text, amount, version
) FORMAT Native
