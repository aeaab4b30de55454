-- lane_claimants: all who have ever claimed an epoch
SELECT DISTINCT holder FROM lane_claims WHERE epoch = {epoch:UInt64}
