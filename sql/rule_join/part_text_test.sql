multiIf(
    r.op = 'text' AND r.ignore_case = 0, has(r.texts, v.text),
    r.op = 'starts' AND r.ignore_case = 0, startsWith(v.text, r.text),
    r.op = 'contains' AND r.ignore_case = 0, position(v.text, r.text) > 0,
    r.op = 'ends' AND r.ignore_case = 0, endsWith(v.text, r.text),
    r.op = 'match', match(v.text, r.text),
    r.op = 'text', has(r.texts, lowerUTF8(v.text)),
    r.op = 'starts', startsWith(lowerUTF8(v.text), r.text),
    r.op = 'contains', position(lowerUTF8(v.text), r.text) > 0,
    r.op = 'ends', endsWith(lowerUTF8(v.text), r.text),
    0)
