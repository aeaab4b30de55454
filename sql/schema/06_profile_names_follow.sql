-- Every row of profiles goes on to profile_names.
CREATE MATERIALIZED VIEW IF NOT EXISTS profile_names_follow TO profile_names AS
SELECT account, bucket, profile_no, external_id, version FROM profiles
