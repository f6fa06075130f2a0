//! What results point into: memory of the library's own, which is wiped and freed with the result.
//!
//! A result is a struct that C reads field by field. It is made by Rust alone, is reached through a pointer, and only grows at
//! its end. Its first field owns whatever the other fields point to, so that it can be moved and is freed as one.

use std::any::Any;

use zeroize::Zeroize;

use super::bytes::conclave_bytes;

/// Memory of the library's own.
#[derive(Default)]
pub struct conclave_memory {
    bytes: Vec<Vec<u8>>,
    items: Vec<Box<dyn Any>>,
}

impl conclave_memory {
    pub(super) fn new() -> Box<Self> {
        Box::default()
    }

    /// Keeps bytes, and lends them.
    pub(super) fn bytes(&mut self, bytes: Vec<u8>) -> conclave_bytes {
        let lent = conclave_bytes::lend(&bytes);
        self.bytes.push(bytes);
        lent
    }

    /// Keeps bytes that may be absent.
    pub(super) fn optional(&mut self, bytes: Option<Vec<u8>>) -> conclave_bytes {
        bytes.map_or(conclave_bytes::NONE, |bytes| self.bytes(bytes))
    }

    /// Keeps bytes with a zero byte behind them; tells where they are and how many.
    pub(super) fn text(&mut self, mut bytes: Vec<u8>) -> (*const u8, usize) {
        let len = bytes.len();
        if bytes.capacity() == len {
            // To grow in place could leave a copy behind that nobody wipes.
            let mut moved = Vec::with_capacity(len + 1);
            moved.extend_from_slice(&bytes);
            bytes.zeroize();
            bytes = moved;
        }
        bytes.push(0);
        (self.bytes(bytes).data, len)
    }

    /// Keeps one item.
    pub(super) fn item<T: 'static>(&mut self, item: T) -> *const T {
        let item = Box::new(item);
        let place: *const T = &raw const *item;
        self.items.push(item);
        place
    }

    /// Keeps a list; tells where it is and how long.
    pub(super) fn list<T: 'static>(&mut self, items: Vec<T>) -> (*const T, usize) {
        let place = (items.as_ptr(), items.len());
        self.items.push(Box::new(items));
        place
    }

    /// Keeps a list of byte strings.
    pub(super) fn byte_list(&mut self, items: Vec<Vec<u8>>) -> (*const conclave_bytes, usize) {
        let lent = items.into_iter().map(|item| self.bytes(item)).collect();
        self.list(lent)
    }

    /// Keeps a list of items that may grow in later releases, so it is a list of pointers to them.
    pub(super) fn pointers<T: 'static>(&mut self, items: Vec<T>) -> (*const *const T, usize) {
        let pointers = items.into_iter().map(|item| self.item(item)).collect();
        self.list(pointers)
    }
}

impl Drop for conclave_memory {
    fn drop(&mut self) {
        self.bytes.iter_mut().for_each(Zeroize::zeroize);
    }
}
