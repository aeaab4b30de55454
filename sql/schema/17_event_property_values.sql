-- Where encoded values of event properties are put in to be decoded; holds nothing.
CREATE TABLE IF NOT EXISTS event_property_values
(
    account UInt64,
    bucket UInt16,
    metric LowCardinality(String),
    property LowCardinality(String),
    profile_no UInt32,
    time DateTime64(3, 'UTC'),
    event UInt64,
    value String COMMENT 'As segment_rules::value::Value encodes it; empty: absent',
    retracted UInt8,
    version UInt128
)
ENGINE = Null
COMMENT 'Entrance to event_properties for the back-fill of a new pair; the loader decodes new events itself'
