//! Medians, and an order that differs from round to round.

/// The value below which a share of all values lies, between two neighbours if need be; of none: 0.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share * last as f64;
    let (below, above) = (place.floor(), place.ceil());
    let at = |place: f64| sorted.get(place as usize).copied().unwrap_or_default();
    at(below) + (at(above) - at(below)) * (place - below)
}

/// The middle value.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// A stream of random numbers (xorshift), good enough to shuffle cases.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Puts values into a random order.
    pub(crate) fn shuffle<T>(&mut self, values: &mut [T]) {
        for place in (1..values.len()).rev() {
            let other = self.next() % (place as u64 + 1);
            values.swap(place, other as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(quantile(&[0.0, 10.0, 20.0], 0.25), 5.0);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn shuffling_keeps_all_values_and_brings_each_to_each_place() {
        let mut random = Random::new(7);
        let mut seen = [[false; 4]; 4];
        for _ in 0..200 {
            let mut values = [0, 1, 2, 3];
            random.shuffle(&mut values);
            values.iter().enumerate().for_each(|(place, &value): (usize, &usize)| seen[place][value] = true);
            values.sort_unstable();
            assert_eq!(values, [0, 1, 2, 3]);
        }
        assert_eq!(seen, [[true; 4]; 4]);
    }
}
