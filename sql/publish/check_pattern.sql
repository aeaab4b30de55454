-- check_pattern: whether the server can read a pattern at all
SELECT match('', {pattern:String}) AS found
