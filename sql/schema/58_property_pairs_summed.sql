-- A pair may ask for a number beside the property's text.
ALTER TABLE property_pairs
    ADD COLUMN IF NOT EXISTS summed String
        COMMENT 'Path of the property whose number event_amounts keeps beside the text; empty: event_properties keeps the property'
        AFTER property,
    MODIFY ORDER BY (account, metric, property, summed)
