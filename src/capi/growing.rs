//! Structs that begin with their own size, so that programs which were compiled with an older header go on working: what they
//! do not know of has its default.

use crate::base::{Code, Result};

/// A struct of the header whose first field is `uint32_t struct_size`.
///
/// Every field takes any bytes that C can put there: an integer, a pointer, a nullable function, or a struct of such.
pub(super) trait Growing: Copy {
    /// The smallest size of this struct that any release had. A struct that has grown says where its first new field begins
    /// (`offset_of!`).
    const LEAST: usize = size_of::<Self>();

    /// What a field has that the caller's struct is too short for.
    fn initial() -> Self;
}

/// Largest size that is believed.
const MOST: usize = 4096;

/// Reads a struct of the caller's; NULL stands for the defaults.
pub(super) fn read_or_initial<T: Growing>(given: *const T, name: &str) -> Result<T> {
    if given.is_null() { Ok(T::initial()) } else { read(given, name) }
}

/// Reads a struct of the caller's, which may be shorter or longer than ours.
pub(super) fn read<T: Growing>(given: *const T, name: &str) -> Result<T> {
    let size = size_of_given(given, name)?;
    let known = size.min(size_of::<T>());
    let mut read = T::initial();
    // SAFETY: the caller vouches that `given` points to `size` bytes; `known` is within them and within `read`, whose fields
    // take any bytes that C can put there.
    unsafe { std::ptr::copy_nonoverlapping(given.cast::<u8>(), (&raw mut read).cast::<u8>(), known) };
    // SAFETY: as above.
    let unknown = unsafe { std::slice::from_raw_parts(given.cast::<u8>().add(known), size - known) };
    match unknown.iter().all(|byte| *byte == 0) {
        true => Ok(read),
        false => Err(Code::BadArgument.with(format_args!("{name} uses fields that this release does not have"))),
    }
}

/// Begins a struct of the caller's, which is `struct_size` bytes long and may hold anything.
pub(super) fn begin<T: Growing>(out: *mut T, struct_size: u32) -> Result<()> {
    if out.is_null() {
        return Err(Code::BadArgument.with("the output is NULL"));
    }
    check(struct_size as usize, T::LEAST, "the output")?;
    // SAFETY: the caller vouches that `out` points to `struct_size` bytes that may be written, and that is at least `LEAST`.
    unsafe {
        out.cast::<u8>().write_bytes(0, struct_size as usize);
        out.cast::<u32>().write_unaligned(struct_size);
    }
    Ok(())
}

/// Writes into a struct of the caller's, as much as it has room for; its `struct_size` stays.
pub(super) fn fill<T: Growing>(out: *mut T, value: T) -> Result<()> {
    let known = size_of_given(out, "the output")?.min(size_of::<T>());
    let head = size_of::<u32>();
    // SAFETY: the caller vouches that `out` points to at least `known` bytes that may be written.
    unsafe {
        let (from, to) = ((&raw const value).cast::<u8>(), out.cast::<u8>());
        std::ptr::copy_nonoverlapping(from.add(head), to.add(head), known - head);
    }
    Ok(())
}

fn size_of_given<T: Growing>(given: *const T, name: &str) -> Result<usize> {
    if given.is_null() {
        return Err(Code::BadArgument.with(format_args!("{name} is NULL")));
    }
    // SAFETY: the caller vouches that `given` points to a struct that begins with its size.
    let size = unsafe { given.cast::<u32>().read_unaligned() } as usize;
    check(size, T::LEAST, name)
}

fn check(size: usize, least: usize, name: &str) -> Result<usize> {
    match (least..=MOST).contains(&size) {
        true => Ok(size),
        false => Err(Code::BadArgument.with(format_args!("{name} has a wrong struct_size: {size}"))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod sizes;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Grown {
        struct_size: u32,
        old: u32,
        new: u32,
    }

    impl Growing for Grown {
        const LEAST: usize = 8;

        fn initial() -> Self {
            Grown { struct_size: 12, old: 1, new: 7 }
        }
    }

    fn given(words: &[u32]) -> *const Grown {
        words.as_ptr().cast()
    }

    #[test]
    fn what_an_older_struct_lacks_has_its_default() {
        assert_eq!(read(given(&[8, 5]), "it").unwrap(), Grown { struct_size: 8, old: 5, new: 7 });
        assert_eq!(read_or_initial(std::ptr::null::<Grown>(), "it").unwrap(), Grown::initial());
    }

    #[test]
    fn a_newer_struct_is_taken_if_it_uses_nothing_new() {
        assert_eq!(read(given(&[16, 5, 6, 0]), "it").unwrap(), Grown { struct_size: 16, old: 5, new: 6 });
        assert!(read(given(&[16, 5, 6, 1]), "it").is_err());
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        for size in [0, 7, 4097, u32::MAX] {
            assert!(read(given(&[size, 5, 6]), "it").is_err(), "{size}");
        }
    }

    #[test]
    fn an_output_is_filled_as_far_as_it_has_room() {
        let mut words = [8u32, 0, 99];
        fill(words.as_mut_ptr().cast::<Grown>(), Grown { struct_size: 12, old: 3, new: 4 }).unwrap();
        assert_eq!(words, [8, 3, 99]);
    }
}
