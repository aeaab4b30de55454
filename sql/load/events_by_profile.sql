-- events_by_profile: new events; views take them on into the other orders
INSERT INTO events_by_profile (account, bucket, profile_no, metric, time, event, properties, version) FORMAT Native
