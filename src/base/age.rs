//! How old something kept is, by a clock that may be wrong.

/// Whether what has been kept since `since` is older than `limit` at the time `now`, in seconds; without a limit nothing is.
///
/// A time to come was set by a clock that ran ahead, or by none: such a thing counts as new, and is dated anew where it can be.
pub(crate) fn is_over(since: u64, now: u64, limit: Option<u64>) -> bool {
    limit.is_some_and(|limit| now.saturating_sub(since) > limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_older_than_the_limit_is_over() {
        assert!(!is_over(100, 110, Some(10)));
        assert!(is_over(100, 111, Some(10)));
        assert!(!is_over(100, u64::MAX, None));
    }

    #[test]
    fn nothing_is_old_by_a_clock_that_ran_backwards() {
        assert!(!is_over(100, 50, Some(0)));
        assert!(!is_over(u64::MAX, 50, Some(10)));
    }
}
