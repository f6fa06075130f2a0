//! Going through all records behind a prefix, a page at a time.

use super::key::Key;
use super::txn::Txn;
use crate::base::Result;

/// Records read in one call, as a rule.
pub(crate) const PAGE: usize = 256;

impl Txn {
    /// Hands over every record behind `prefix`, in the order of keys: what stands in its key after the prefix, and its value.
    pub(crate) fn each(&mut self, prefix: &Key, mut take: impl FnMut(&[u8], &[u8]) -> Result<()>) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.scan(prefix, after.as_ref(), PAGE)?;
            let ended = page.len() < PAGE;
            after = page.last().map(|(key, _)| key.clone());
            for (key, value) in &page {
                take(key.0.get(prefix.0.len()..).unwrap_or_default(), value)?;
            }
            if ended {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::{MemoryStorage, Store};

    #[test]
    fn every_record_comes_once_over_several_pages() {
        for count in [0, 1, PAGE, PAGE + 1, 3 * PAGE] {
            let store = Store::open(MemoryStorage::new(), b"alice", None).unwrap();
            let mut txn = Txn::begin(store.clone());
            let key = |number: usize| Key::of(&[b"p", &(number as u32).to_be_bytes()]);
            (0..count).for_each(|number| txn.put(key(number), vec![1]));
            txn.put(Key::of(&[b"q"]), vec![2]);
            store.write(txn.finish(None).unwrap()).unwrap();
            let mut found = Vec::new();
            let mut txn = Txn::begin(store);
            txn.each(&Key::of(&[b"p"]), |rest, value| {
                found.push((u32::from_be_bytes(rest.try_into().unwrap()), value.to_vec()));
                Ok(())
            })
            .unwrap();
            assert!(found.into_iter().eq((0..count).map(|number| (number as u32, vec![1]))));
        }
    }
}
