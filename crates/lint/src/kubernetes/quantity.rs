//! Quantities of Kubernetes: `1`, `500m`, `0.5`, `2Gi`.

use crate::yaml::{Scalar, View};

/// An amount in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i128);

impl Quantity {
    /// The amount that a value says; `None` when it is a template or no quantity.
    #[must_use]
    pub fn of(view: View<'_>) -> Option<Self> {
        match view.scalar()? {
            Scalar::Int(number) => Some(Self(i128::from(number) * 1000)),
            Scalar::Float(_) | Scalar::Text(_) => Self::parse(view.text()?),
            Scalar::Null | Scalar::Bool(_) => None,
        }
    }

    /// Reads a text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let factor: i128 = match suffix {
            "m" => 1,
            "" => 1000,
            "k" => 1_000_000,
            "M" => 1_000_000_000,
            "G" => 1_000_000_000_000,
            "Ki" => 1000 << 10,
            "Mi" => 1000 << 20,
            "Gi" => 1000 << 30,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty()
            || fraction.contains('.')
            || fraction.len() > 9
            || whole.len() > 15
        {
            return None;
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        let part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
        // Kubernetes rounds up what is finer than a thousandth.
        let thousandths = (whole * scale + part) * factor;
        Some(Self(thousandths.div_euclid(scale) + i128::from(thousandths.rem_euclid(scale) != 0)))
    }

    /// Whether it is a whole number.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.0 % 1000 == 0
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read() {
        let whole = |text: &str| Quantity::parse(text).map(Quantity::is_whole);
        for (text, expected) in [
            ("1", Some(true)),
            ("1.0", Some(true)),
            ("0.5", Some(false)),
            ("500m", Some(false)),
            ("2000m", Some(true)),
            ("1Gi", Some(true)),
            (".5", Some(false)),
            ("", None),
            (".", None),
            ("1x", None),
            ("{{ .n }}", None),
            ("1.2.3", None),
        ] {
            assert_eq!(whole(text), expected, "{text}");
        }
        assert_eq!(Quantity::parse("1"), Quantity::parse("1000m"));
    }
}
