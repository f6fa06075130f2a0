//! An array in which most places may stay empty. Whoever sends a tree decides how many places there are, for almost nothing each:
//! room is made where something is put, in pages.

/// Places in one page.
const PAGE: usize = 64;

/// Entries of so many items each.
pub(super) struct Sparse<T> {
    items: usize,
    pages: Vec<Option<Box<[T]>>>,
}

impl<T: Copy + Default> Sparse<T> {
    pub(super) fn of(items: usize) -> Self {
        Sparse { items, pages: Vec::new() }
    }

    /// What was put at a place. A place that nothing was put at has the default, or nothing if its page is empty.
    pub(super) fn at(&self, place: u32) -> Option<&[T]> {
        let (page, start) = self.locate(place);
        self.pages.get(page)?.as_ref()?.get(start..start + self.items)
    }

    /// Puts an entry at a place.
    pub(super) fn put(&mut self, place: u32, entry: &[T]) {
        let (page, start) = self.locate(place);
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, || None);
        }
        let Some(slot) = self.pages.get_mut(page) else { return };
        let items = slot.get_or_insert_with(|| vec![T::default(); PAGE * self.items].into());
        if let Some(place) = items.get_mut(start..start + entry.len()) {
            place.copy_from_slice(entry);
        }
    }

    fn locate(&self, place: u32) -> (usize, usize) {
        let place = place as usize;
        (place / PAGE, place % PAGE * self.items)
    }

    #[cfg(test)]
    fn pages_in_use(&self) -> usize {
        self.pages.iter().flatten().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_where_something_is_put() {
        let mut sparse = Sparse::of(2);
        let places = [0u32, 1, 63, 64, 0x100_0000];
        places.iter().for_each(|place| sparse.put(*place, &[*place, 7]));
        for place in places {
            assert_eq!(sparse.at(place), Some(&[place, 7][..]));
        }
        assert_eq!(sparse.at(2), Some(&[0, 0][..]));
        assert_eq!((sparse.at(200), sparse.at(u32::MAX), sparse.pages_in_use()), (None, None, 3));
    }
}
