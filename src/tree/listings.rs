//! The directory of a tree that is taken in: a table that tells whether a listing is there already, and at the end a sorted list.
//! A map would do both, and take half as much again.

use std::hash::{BuildHasher, RandomState};

use crate::base::Result;
use crate::store::{Listing, corrupt};

/// Who owns a listing: a node, in a form that needs no space around it.
type Owner = [u8; 4];

/// Listings, each with its owner, in the order in which they came.
pub(super) struct Listings {
    entries: Vec<(Listing, Owner)>,
    /// For each entry its place, counted from one, in the first free slot from where its hash points to.
    slots: Vec<u32>,
    /// Keys and names are chosen by members, who must not choose where they lie.
    hasher: RandomState,
}

/// Slots at first; their number is a power of two.
const SLOTS: usize = 64;

impl Listings {
    pub(super) fn new() -> Self {
        Listings { entries: Vec::new(), slots: vec![0; SLOTS], hasher: RandomState::new() }
    }

    /// Enters a listing, and tells whether it was new.
    pub(super) fn enter(&mut self, listing: Listing, owner: u32) -> Result<bool> {
        if self.entries.len() + self.entries.len() / 3 >= self.slots.len() {
            self.widen()?;
        }
        if !self.take_slot(&listing, self.entries.len())? {
            return Ok(false);
        }
        self.entries.push((listing, owner.to_be_bytes()));
        Ok(true)
    }

    /// The listings in their order.
    pub(super) fn sorted(mut self) -> SortedListings {
        self.slots = Vec::new();
        self.entries.sort_unstable();
        SortedListings(self.entries)
    }

    fn widen(&mut self) -> Result<()> {
        self.slots = vec![0; 2 * self.slots.len()];
        let entries = std::mem::take(&mut self.entries);
        let placed = entries.iter().enumerate().try_for_each(|(place, (listing, _))| {
            self.put(self.free_slot(listing, &entries)?.ok_or_else(corrupt)?, place)
        });
        self.entries = entries;
        placed
    }

    /// Marks a slot as that of the entry that is to stand at `place`, unless the listing has one.
    fn take_slot(&mut self, listing: &Listing, place: usize) -> Result<bool> {
        match self.free_slot(listing, &self.entries)? {
            Some(slot) => self.put(slot, place).map(|()| true),
            None => Ok(false),
        }
    }

    fn put(&mut self, slot: usize, place: usize) -> Result<()> {
        let number = u32::try_from(place + 1).map_err(|_| corrupt())?;
        *self.slots.get_mut(slot).ok_or_else(corrupt)? = number;
        Ok(())
    }

    /// The slot for a listing, unless it is among the entries.
    fn free_slot(&self, listing: &Listing, entries: &[(Listing, Owner)]) -> Result<Option<usize>> {
        let last = self.slots.len() - 1;
        let mut slot = self.hasher.hash_one(listing) as usize & last;
        loop {
            let taken = *self.slots.get(slot).ok_or_else(corrupt)? as usize;
            let Some(place) = taken.checked_sub(1) else { return Ok(Some(slot)) };
            if entries.get(place).is_some_and(|(known, _)| known == listing) {
                return Ok(None);
            }
            slot = (slot + 1) & last;
        }
    }
}

/// Listings in ascending order.
#[derive(Default)]
pub(super) struct SortedListings(Vec<(Listing, Owner)>);

impl SortedListings {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The owner of a listing.
    pub(super) fn owner(&self, listing: &Listing) -> Option<u32> {
        let place = self.0.binary_search_by_key(&listing, |(known, _)| known).ok()?;
        self.0.get(place).map(|(_, owner)| u32::from_be_bytes(*owner))
    }

    /// All after this one (nothing: all).
    pub(super) fn after(&self, listing: Option<&Listing>) -> impl Iterator<Item = (&Listing, u32)> {
        let start = listing.map_or(0, |listing| self.0.partition_point(|(known, _)| known <= listing));
        let rest = self.0.get(start..).unwrap_or_default();
        rest.iter().map(|(listing, owner)| (listing, u32::from_be_bytes(*owner)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn listing(number: u32) -> Listing {
        let mut listing = [7; 17];
        listing.iter_mut().zip(number.wrapping_mul(0x9e37_79b9).to_be_bytes()).for_each(|(place, byte)| *place = byte);
        listing
    }

    #[test]
    fn each_listing_is_entered_once_and_found() {
        let mut listings = Listings::new();
        for number in 0..5000 {
            assert!(listings.enter(listing(number), number).unwrap());
            for earlier in [0, number / 2, number] {
                assert!(!listings.enter(listing(earlier), 9).unwrap());
            }
        }
        let sorted = listings.sorted();
        assert_eq!(sorted.len(), 5000);
        assert!((0..5000).all(|number| sorted.owner(&listing(number)) == Some(number)));
        assert_eq!(sorted.owner(&listing(5000)), None);
        let all: Vec<Listing> = sorted.after(None).map(|(listing, _)| *listing).collect();
        assert!(all.len() == 5000 && all.is_sorted());
        assert_eq!(sorted.after(all.get(4000)).count(), 999);
    }
}
