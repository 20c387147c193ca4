//! Text whose pieces come from several places of a file: an instruction without its continuation
//! marks and comment lines, the body of a heredoc, a quoted script.

use crate::text::Span;

/// A text that knows where each of its bytes stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logical {
    text: String,
    /// `(start in text, start in file)`, ordered; a piece ends where the next one starts.
    pieces: Vec<(usize, usize)>,
    /// Where an empty text stands.
    anchor: usize,
}

impl Logical {
    /// An empty text that stands at a byte of the file.
    #[must_use]
    pub fn at(anchor: usize) -> Self {
        Self { text: String::new(), pieces: Vec::new(), anchor }
    }

    /// Appends a piece of the file that starts at byte `start`.
    pub fn push(&mut self, piece: &str, start: usize) {
        if piece.is_empty() {
            return;
        }
        self.pieces.push((self.text.len(), start));
        self.text.push_str(piece);
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place in the file of the byte at `offset` of the text.
    #[must_use]
    pub fn place(&self, offset: usize) -> usize {
        let after = self.pieces.partition_point(|(start, _)| *start <= offset);
        match after.checked_sub(1).and_then(|index| self.pieces.get(index)) {
            Some((start, file)) => file + (offset - start),
            None => self.anchor,
        }
    }

    /// The span in the file of the bytes `start..end` of the text.
    #[must_use]
    pub fn span(&self, start: usize, end: usize) -> Span {
        if start >= end {
            let place = self.place(start);
            return Span::new(place, place);
        }
        Span::new(self.place(start), self.place(end - 1) + 1)
    }

    /// The bytes `start..end` as a text of their own.
    #[must_use]
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let mut out = Self::at(self.place(start));
        let end = end.min(self.text.len());
        let first = self.pieces.partition_point(|(at, _)| *at <= start).saturating_sub(1);
        for (index, (at, file)) in self.pieces.iter().enumerate().skip(first) {
            let piece_end = self.pieces.get(index + 1).map_or(self.text.len(), |next| next.0);
            let (from, to) = (start.max(*at), end.min(piece_end));
            if from < to {
                out.push(self.text.get(from..to).unwrap_or(""), file + (from - at));
            } else if *at >= end {
                break;
            }
        }
        out
    }

    /// Whether the bytes `start..end` stand together in the file.
    #[must_use]
    pub fn is_contiguous(&self, start: usize, end: usize) -> bool {
        let span = self.span(start, end);
        span.end - span.start == end.saturating_sub(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_through_joins() {
        let file = "RUN a \\\n  bc";
        let mut text = Logical::at(4);
        text.push("a ", 4);
        text.push("  bc", 8);
        assert_eq!(text.text(), "a   bc");
        assert_eq!(text.span(4, 6).of(file), "bc");
        assert_eq!(text.span(0, 6), Span::new(4, 12));
        assert!(text.is_contiguous(4, 6) && !text.is_contiguous(0, 6));
        let tail = text.slice(1, 5);
        assert_eq!(tail.text(), "   b");
        assert_eq!(tail.span(3, 4).of(file), "b");
        assert_eq!(Logical::at(7).span(0, 0), Span::new(7, 7));
    }
}
