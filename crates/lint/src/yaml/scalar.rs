//! What a plain scalar means.

/// The value of a scalar as the YAML readers of Compose and Kubernetes take it (core schema of
/// YAML 1.2, with the words of YAML 1.1 for true and false kept as text).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// Nothing, `~`, `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Anything else, and all that is quoted.
    Text(&'a str),
}

impl<'a> Scalar<'a> {
    /// The value of a plain scalar.
    #[must_use]
    pub fn plain(text: &'a str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Self::Null,
            "true" | "True" | "TRUE" => return Self::Bool(true),
            "false" | "False" | "FALSE" => return Self::Bool(false),
            _ => {}
        }
        let numeric = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
        if !numeric {
            return Self::Text(text);
        }
        if let Ok(number) = text.parse::<i64>() {
            return Self::Int(number);
        }
        let float = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
        match text.parse::<f64>() {
            Ok(number) if float => Self::Float(number),
            _ => Self::Text(text),
        }
    }
}
