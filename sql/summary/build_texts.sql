-- build_texts: brings the profiles of each text of some traits of a unit together
INSERT INTO trait_texts (account, bucket, trait, build, text, profiles)
SELECT {account:UInt64}, {bucket:UInt16}, trait, {build:UInt64}, text, groupBitmapState(profile_no)
FROM traits FINAL
WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND trait IN {traits:Array(String)} AND kind != 'absent'
GROUP BY trait, text
