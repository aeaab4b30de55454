-- What the table of a store that was made before does not know; a new one has it.
ALTER TABLE run_tests
    ADD COLUMN IF NOT EXISTS form Enum8('none' = 0, 'all' = 1, 'filtered' = 2, 'combined' = 3, 'valued' = 4, 'numbers' = 5, 'amounts' = 6)
        COMMENT 'Of the source, as in run_sources; none: the test is a criterion itself' AFTER slot
