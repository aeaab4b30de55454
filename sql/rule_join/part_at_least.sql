        multiIf(
            t.at_least = 1, bitmapOr(bitmapOr(c.counts.1, c.counts.2), bitmapOr(c.counts.3, c.counts.4)),
            t.at_least = 2, bitmapOr(bitmapOr(c.counts.2, c.counts.3), c.counts.4),
            t.at_least = 3, bitmapOr(bitmapOr(bitmapAnd(c.counts.1, c.counts.2), c.counts.3), c.counts.4),
            t.at_least = 4, bitmapOr(c.counts.3, c.counts.4),
            t.at_least = 5, bitmapOr(bitmapAnd(c.counts.3, bitmapOr(c.counts.1, c.counts.2)), c.counts.4),
            t.at_least = 6, bitmapOr(bitmapAnd(c.counts.3, c.counts.2), c.counts.4),
            t.at_least = 7, bitmapOr(bitmapAnd(bitmapAnd(c.counts.3, c.counts.2), c.counts.1), c.counts.4),
            c.counts.4)
