//! Whether a ratchet tree is fully populated: read from its encoding (RFC 9420 §7.1, §7.2, §12.4.3.3), as any library exports it.

/// Whether no leaf is blank, no parent is blank but those above nobody on their right, and nobody is unmerged.
pub(crate) fn is_full(tree: &[u8], n: u32) -> bool {
    let mut outer = Cursor(tree);
    let mut nodes = Cursor(outer.vector());
    let mut count = 0;
    while !nodes.0.is_empty() {
        let taken = nodes.byte() == 1;
        let alone = count % 2 == 1 && right_of(count) >= n;
        if taken == alone || (taken && !nodes.is_merged()) {
            return false;
        }
        count += 1;
    }
    outer.0.is_empty() && count == 2 * n - 1
}

/// The leftmost leaf on the right of a parent.
fn right_of(parent: u32) -> u32 {
    parent.div_ceil(2)
}

/// What is still to be read.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    /// A vector, whose length is a variable-size integer (§2.1.2).
    fn vector(&mut self) -> &'a [u8] {
        let first = self.byte();
        let more = self.take((1 << (first >> 6)) - 1);
        let length = more.iter().fold(usize::from(first & 0x3f), |length, byte| length << 8 | usize::from(*byte));
        self.take(length)
    }

    /// Reads a node. False: it is a parent with unmerged leaves.
    fn is_merged(&mut self) -> bool {
        match self.byte() {
            1 => {
                self.leaf();
                true
            }
            _ => {
                let (_encryption_key, _parent_hash) = (self.vector(), self.vector());
                self.vector().is_empty()
            }
        }
    }

    fn leaf(&mut self) {
        let (_encryption_key, _signature_key) = (self.vector(), self.vector());
        assert_eq!(self.take(2), [0, 1], "a basic credential");
        let _identity = self.vector();
        for _of_capabilities in 0..5 {
            self.vector();
        }
        let _source = match self.byte() {
            1 => self.take(16),
            3 => self.vector(),
            _ => &[],
        };
        let (_extensions, _signature) = (self.vector(), self.vector());
    }
}
