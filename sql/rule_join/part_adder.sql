-- The sum of two counts as bit planes: bit by bit, with a carry; whatever reaches 8 stays in the fourth plane.
bitmapBuild(CAST([], 'Array(UInt32)')) AS nobody,
(a, x) -> (
    bitmapXor(a.1, x.1),
    bitmapXor(bitmapXor(a.2, x.2), bitmapAnd(a.1, x.1)),
    bitmapXor(bitmapXor(a.3, x.3),
        bitmapOr(bitmapAnd(a.2, x.2), bitmapAnd(bitmapXor(a.2, x.2), bitmapAnd(a.1, x.1)))),
    bitmapOr(bitmapOr(a.4, x.4),
        bitmapOr(bitmapAnd(a.3, x.3), bitmapAnd(bitmapXor(a.3, x.3),
            bitmapOr(bitmapAnd(a.2, x.2), bitmapAnd(bitmapXor(a.2, x.2), bitmapAnd(a.1, x.1))))))
) AS add
