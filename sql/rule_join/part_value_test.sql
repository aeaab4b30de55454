if(r.op = 'anniversary',
-- @part_anniversary_test
    ,
-- @part_plain_test
)
