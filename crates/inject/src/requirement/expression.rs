//! Expressions: `cuda>=12.8 brand=tesla,driver>=535,driver<536`.

use super::{Facts, GpuFacts};
use std::cmp::Ordering;

/// Whether an expression holds. A term after one that holds is not looked at, nor is a factor after
/// one that does not.
///
/// # Errors
/// The factor that cannot be understood.
pub(super) fn holds<'a>(expression: &'a str, facts: &Facts, gpu: Option<&GpuFacts>) -> Result<bool, &'a str> {
    let mut terms = expression.split(' ').filter(|term| !term.is_empty()).peekable();
    if terms.peek().is_none() {
        return Ok(true);
    }
    for term in terms {
        if term_holds(term, facts, gpu)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn term_holds<'a>(term: &'a str, facts: &Facts, gpu: Option<&GpuFacts>) -> Result<bool, &'a str> {
    for factor in term.split(',').filter(|factor| !factor.is_empty()) {
        let holds = Factor::parse(factor).and_then(|factor| factor.holds(facts, gpu));
        if !holds.ok_or(factor)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `property op value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Factor<'a> {
    property: Property,
    comparison: Comparison,
    pub(super) value: &'a str,
}

/// A version that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound<'a> {
    pub(super) value: &'a str,
    /// The version itself will not do.
    pub(super) beyond: bool,
    /// Newer ones will not do.
    pub(super) exact: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Property {
    Cuda,
    Driver,
    Arch,
    Brand,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl<'a> Factor<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let is_operator = |c: char| matches!(c, '<' | '>' | '=' | '!');
        let start = text.find(is_operator)?;
        let (name, rest) = text.split_at_checked(start)?;
        let end = rest.find(|c| !is_operator(c))?;
        let (operator, value) = rest.split_at_checked(end)?;
        let comparison = match operator {
            "=" => Comparison::Equal,
            "!=" | "!" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterEqual,
            _ => return None,
        };
        let known = [
            ("cuda", Property::Cuda),
            ("driver", Property::Driver),
            ("arch", Property::Arch),
            ("brand", Property::Brand),
        ];
        let property = known.iter().find(|(known, _)| name.eq_ignore_ascii_case(known))?.1;
        Some(Self { property, comparison, value })
    }

    /// The CUDA version that is asked for, unless any older one would do.
    pub(super) fn cuda(&self) -> Option<Bound<'a>> {
        self.bound().filter(|_| self.property == Property::Cuda)
    }

    /// The driver that is asked for, unless any older one would do.
    pub(super) fn driver(&self) -> Option<Bound<'a>> {
        self.bound().filter(|_| self.property == Property::Driver)
    }

    fn bound(&self) -> Option<Bound<'a>> {
        let value = self.value;
        match self.comparison {
            Comparison::GreaterEqual => Some(Bound { value, beyond: false, exact: false }),
            Comparison::Greater => Some(Bound { value, beyond: true, exact: false }),
            Comparison::Equal => Some(Bound { value, beyond: false, exact: true }),
            Comparison::NotEqual | Comparison::Less | Comparison::LessEqual => None,
        }
    }

    /// Whether it is about the GPU, not about the driver.
    pub(super) fn is_about_gpu(&self) -> bool {
        matches!(self.property, Property::Arch | Property::Brand)
    }

    /// `None`: the value is not one for this property.
    fn holds(&self, facts: &Facts, gpu: Option<&GpuFacts>) -> Option<bool> {
        match self.property {
            Property::Cuda => self.compares(facts.cuda.map(|(major, minor)| format!("{major}.{minor}"))),
            Property::Driver => self.compares(facts.driver.clone()),
            Property::Arch => {
                let arch = gpu.and_then(|gpu| gpu.arch);
                self.compares(arch.map(|(major, minor)| format!("{major}.{minor}")))
            }
            Property::Brand => self.names_brand(gpu.map_or(&[], |gpu| &gpu.brands)),
        }
    }

    fn compares(&self, own: Option<String>) -> Option<bool> {
        let wanted = Numbers::parse(self.value)?;
        let Some(own) = own else { return Some(true) };
        let order = Numbers::parse(&own)?.compare(&wanted);
        Some(match self.comparison {
            Comparison::Equal => order == Ordering::Equal,
            Comparison::NotEqual => order != Ordering::Equal,
            Comparison::Less => order == Ordering::Less,
            Comparison::LessEqual => order != Ordering::Greater,
            Comparison::Greater => order == Ordering::Greater,
            Comparison::GreaterEqual => order != Ordering::Less,
        })
    }

    fn names_brand(&self, brands: &[&str]) -> Option<bool> {
        let named = brands.iter().any(|brand| brand.eq_ignore_ascii_case(self.value));
        match self.comparison {
            Comparison::Equal => Some(brands.is_empty() || named),
            Comparison::NotEqual => Some(brands.is_empty() || !named),
            _ => None,
        }
    }
}

/// Numbers between dots; a part that is missing counts as zero.
struct Numbers<'a>(Vec<&'a str>);

impl<'a> Numbers<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let is_version = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let parts = || text.split('.').filter(|part| !part.is_empty());
        (is_version && parts().next().is_some())
            .then(|| Self(parts().map(|part| part.trim_start_matches('0')).collect()))
    }

    /// By length first: without leading zeros the longer number is the greater one, however long.
    fn compare(&self, other: &Self) -> Ordering {
        let part = |numbers: &Self, at: usize| -> (usize, String) {
            let text = numbers.0.get(at).copied().unwrap_or_default();
            (text.len(), text.to_owned())
        };
        (0..self.0.len().max(other.0.len()))
            .map(|at| part(self, at).cmp(&part(other, at)))
            .find(|order| *order != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        let cases = [
            ("12.8", "12.8.0", Ordering::Equal),
            ("12.10", "12.8", Ordering::Greater),
            ("535.104.05", "535.104.5", Ordering::Equal),
            ("535.54", "535.104", Ordering::Less),
            ("99", "100", Ordering::Less),
            ("0", "0.0.1", Ordering::Less),
            ("18446744073709551616", "18446744073709551615", Ordering::Greater),
        ];
        for (a, b, expected) in cases {
            let order = Numbers::parse(a).expect(a).compare(&Numbers::parse(b).expect(b));
            assert_eq!(order, expected, "{a} {b}");
        }
        for text in ["", ".", "12.x", "v12", " 1", "1-2"] {
            assert!(Numbers::parse(text).is_none(), "{text:?}");
        }
    }
}
