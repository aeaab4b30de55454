-- What the table of a store that was made before does not know; a new one has it.
ALTER TABLE run_sources
    MODIFY COLUMN form Enum8('all' = 1, 'filtered' = 2, 'combined' = 3, 'valued' = 4, 'numbers' = 5, 'amounts' = 6)
        COMMENT 'all: all events of the metric; filtered: those that have a property (or value) as its one test in run_tests demands; combined: those that its tests choose; valued: those that chosen_by chooses, with the property that its test names; numbers: all that have a number as the property that its test names; amounts: those whose text satisfies its one condition, with the number beside it in event_amounts'
