INSERT INTO plain_events SETTINGS date_time_input_format = 'best_effort', input_format_json_read_objects_as_strings = 1 FORMAT JSONEachRow
