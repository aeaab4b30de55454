-- claimants: all who have ever claimed an epoch
SELECT DISTINCT holder FROM fences WHERE epoch = {epoch:UInt64}
