            account BETWEEN {account_from:UInt64} AND {account_to:UInt64}
            AND bucket BETWEEN {bucket_from:UInt16} AND {bucket_to:UInt16}
