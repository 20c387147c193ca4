//! How much one start does for an image. Limits for each file and folder are not enough: links make one of them
//! as many as an image wants. What is used up is said in the log, and the work goes on with what was found.

use crate::log;
use std::time::Instant;

/// What may still be spent of one kind of work.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
    /// What there is too much of in the image, for the log.
    what: &'static str,
    is_told: bool,
}

impl Budget {
    pub(super) fn new(amount: usize, what: &'static str) -> Self {
        Self { left: amount, what, is_told: false }
    }

    /// Takes `amount`; with less than that left, all is used up and `false` is said from then on.
    pub(super) fn take(&mut self, amount: usize) -> bool {
        if let Some(left) = self.left.checked_sub(amount).filter(|_| !self.is_told) {
            self.left = left;
            return true;
        }
        if !self.is_told {
            log::warning(&format!("The image has {}: the rest is left out of the loader's cache", self.what));
        }
        (self.left, self.is_told) = (0, true);
        false
    }

    /// Whether something was refused.
    pub(super) fn is_used_up(&self) -> bool {
        self.is_told
    }
}

/// What looking for libraries in all directories together may cost.
#[derive(Debug)]
pub(super) struct Search {
    /// Files that are opened: the largest images have some 10,000 libraries.
    pub(super) files: Budget,
    /// Names in the directories.
    pub(super) names: Budget,
    /// Bytes of names and paths for the cache: half of what its reader takes.
    pub(super) bytes: Budget,
    /// Microseconds: the kernel follows up to 40 links of 4 KiB each to a single file.
    pub(super) time: Budget,
    counted_until: Instant,
}

impl Search {
    /// What one start of a container may cost.
    pub(super) fn of_one_start() -> Self {
        Self {
            files: Budget::new(100_000, "more than 100,000 libraries"),
            names: Budget::new(1_000_000, "more than 1,000,000 names in its library directories"),
            bytes: Budget::new(8 << 20, "more than 8 MiB of names of libraries"),
            time: Budget::new(60_000_000, "libraries that take more than a minute to look at"),
            counted_until: Instant::now(),
        }
    }

    /// Whether there is something left of each kind, the time until now included.
    pub(super) fn goes_on(&mut self) -> bool {
        let now = Instant::now();
        let spent = now.duration_since(self.counted_until).as_micros();
        self.counted_until = now;
        let in_time = self.time.take(usize::try_from(spent).unwrap_or(usize::MAX));
        in_time && ![&self.files, &self.names, &self.bytes].into_iter().any(Budget::is_used_up)
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn what_is_used_up_stays_used_up() {
        let mut budget = Budget::new(10, "more than ten");
        let taken: Vec<bool> = [4, 6, 0, 1, 0].into_iter().map(|amount| budget.take(amount)).collect();
        assert_eq!(taken, [true, true, true, false, false]);
        assert!(budget.is_used_up());
        assert!(!Budget::new(3, "more than three").take(4));
    }
}
