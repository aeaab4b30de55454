-- Every row of traits_by_profile goes on to traits.
CREATE MATERIALIZED VIEW IF NOT EXISTS traits_follow TO traits AS
SELECT account, bucket, trait, profile_no, kind, text, number, time_ms, day, items, latitude, longitude, set_ms, version
FROM traits_by_profile
