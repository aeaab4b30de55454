//! Blocks of rows in the server's Native format: column by column, so that the server takes most of a block as it is. Of
//! the same rows one by one it would have to look at each value, which costs it twice the CPU. Pure.

/// `SharedDictionariesWithAdditionalKeys`, the only version of such a column.
const DICTIONARY_VERSION: u64 = 1;
/// The keys come with the block (bit 9), and their numbers have 32 bits (2).
const OWN_KEYS_U32: u64 = 1 << 9 | 2;

/// A block that columns are added to.
pub(super) struct Block {
    bytes: Vec<u8>,
    rows: usize,
}

impl Block {
    /// A block of so many rows, not none: that would end the insert.
    pub(super) fn new(rows: usize) -> Self {
        // The number of columns is counted up as they come; it stays one byte below 128.
        let mut block = Self { bytes: vec![0], rows };
        block.length(rows);
        block
    }

    /// The block, ready to be sent.
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// A column of numbers, or of what is kept as numbers.
    pub(super) fn fixed<const WIDTH: usize>(
        &mut self,
        name: &str,
        kind: &str,
        values: impl Iterator<Item = [u8; WIDTH]>,
    ) {
        self.begin(name, kind);
        self.bytes.reserve(WIDTH * self.rows);
        values.for_each(|value| self.bytes.extend_from_slice(&value));
    }

    /// A column of numbers of which some are missing.
    pub(super) fn nullable<const WIDTH: usize>(
        &mut self,
        name: &str,
        kind: &str,
        values: impl Iterator<Item = Option<[u8; WIDTH]>> + Clone,
    ) {
        self.begin(name, kind);
        self.bytes.extend(values.clone().map(|value| u8::from(value.is_none())));
        values.for_each(|value| self.bytes.extend_from_slice(&value.unwrap_or([0; WIDTH])));
    }

    /// A column of texts.
    pub(super) fn texts<'a>(&mut self, name: &str, values: impl Iterator<Item = &'a [u8]>) {
        self.begin(name, "String");
        values.for_each(|value| self.text(value));
    }

    /// A column of few different texts, each row with the number of its text.
    pub(super) fn names<'a>(
        &mut self,
        name: &str,
        texts: impl ExactSizeIterator<Item = &'a str>,
        numbers: impl Iterator<Item = u32>,
    ) {
        self.begin(name, "LowCardinality(String)");
        for word in [DICTIONARY_VERSION, OWN_KEYS_U32, texts.len() as u64] {
            self.bytes.extend_from_slice(&word.to_le_bytes());
        }
        texts.for_each(|text| self.text(text.as_bytes()));
        self.bytes.extend_from_slice(&(self.rows as u64).to_le_bytes());
        numbers.for_each(|number| self.bytes.extend_from_slice(&number.to_le_bytes()));
    }

    /// A column of lists of texts.
    pub(super) fn lists<'a, List>(&mut self, name: &str, lists: impl Iterator<Item = List> + Clone)
    where
        List: IntoIterator<Item = &'a [u8]>,
    {
        self.begin(name, "Array(String)");
        self.ends(lists.clone().map(|list| list.into_iter().count()));
        lists.flatten().for_each(|text| self.text(text));
    }

    /// A column of maps from texts to texts.
    pub(super) fn maps<'a, Map>(&mut self, name: &str, maps: impl Iterator<Item = Map> + Clone)
    where
        Map: IntoIterator<Item = (&'a [u8], &'a [u8])>,
    {
        self.begin(name, "Map(String, String)");
        self.ends(maps.clone().map(|map| map.into_iter().count()));
        maps.clone().flatten().for_each(|(key, _)| self.text(key));
        maps.flatten().for_each(|(_, value)| self.text(value));
    }

    fn begin(&mut self, name: &str, kind: &str) {
        self.bytes[0] += 1;
        self.text(name.as_bytes());
        self.text(kind.as_bytes());
    }

    /// Where each row's part of the values ends.
    fn ends(&mut self, lengths: impl Iterator<Item = usize>) {
        let mut end = 0_u64;
        for length in lengths {
            end += length as u64;
            self.bytes.extend_from_slice(&end.to_le_bytes());
        }
    }

    fn text(&mut self, text: &[u8]) {
        self.length(text.len());
        self.bytes.extend_from_slice(text);
    }

    /// Seven bits a byte, the lowest first; all but the last have the eighth set.
    fn length(&mut self, mut length: usize) {
        while length >= 0x80 {
            self.bytes.push(low_byte(length) | 0x80);
            length >>= 7;
        }
        self.bytes.push(low_byte(length));
    }
}

fn low_byte(number: usize) -> u8 {
    number.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_its_size_and_its_columns() {
        let mut block = Block::new(2);
        block.fixed("n", "UInt16", [1_u16, 2].into_iter().map(u16::to_le_bytes));
        block.texts("t", ["", "é"].into_iter().map(str::as_bytes));
        let column = |name: &str, kind: &str, data: &[u8]| {
            let head = [&[low_byte(name.len())], name.as_bytes(), &[low_byte(kind.len())], kind.as_bytes()].concat();
            [&head, data].concat()
        };
        let expected = [vec![2, 2], column("n", "UInt16", &[1, 0, 2, 0]), column("t", "String", &[0, 2, 0xc3, 0xa9])];
        assert_eq!(block.finish(), expected.concat());
    }

    #[test]
    fn lengths_take_as_many_bytes_as_they_need() {
        let length = |length| {
            let mut block = Block::new(0);
            block.length(length);
            block.finish()[2..].to_vec()
        };
        assert_eq!(length(127), [0x7f]);
        assert_eq!(length(128), [0x80, 0x01]);
        assert_eq!(length(300_000), [0xe0, 0xa7, 0x12]);
    }

    #[test]
    fn maps_and_lists_say_where_each_row_ends() {
        let mut block = Block::new(2);
        block.maps("m", [vec![(&b"a"[..], &b"x"[..]), (b"b", b"y")], vec![]].into_iter());
        let bytes = block.finish();
        let data = &bytes[bytes.len() - 24..];
        assert_eq!(data[..16], [2_u64.to_le_bytes(), 2_u64.to_le_bytes()].concat());
        assert_eq!(&data[16..], b"\x01a\x01b\x01x\x01y");
        let mut block = Block::new(1);
        block.lists("l", [vec![&b"x"[..]]].into_iter());
        assert!(block.finish().ends_with(b"\x01\0\0\0\0\0\0\0\x01x"));
    }
}
