multiIf(
    r.op = 'text', has(r.texts, if(r.ignore_case = 1, lowerUTF8(v.text), v.text)),
    r.op = 'contains', position(if(r.ignore_case = 1, lowerUTF8(v.text), v.text), r.text) > 0,
    r.op = 'starts', startsWith(if(r.ignore_case = 1, lowerUTF8(v.text), v.text), r.text),
    r.op = 'ends', endsWith(if(r.ignore_case = 1, lowerUTF8(v.text), v.text), r.text),
    r.op = 'match', match(v.text, r.text),
    0)
