//! The place inside the library's file that holds the facts.
//!
//! A static of [`SIZE`] bytes begins with [`MAGIC`], then the length of a JSON text as four
//! little-endian bytes, then the text. As built, the length is zero: such a library knows nothing.

use crate::Facts;
use diag::{Failure, Result, ResultExt};

/// Marks the place. It must occur exactly once in the library's file.
pub const MAGIC: [u8; 32] = *b"longshore simulated NVML: facts\0";
/// Size of the whole place. Sixteen GPUs with seven MIG devices each need about half of it.
pub const SIZE: usize = 64 * 1024;
const HEADER: usize = MAGIC.len() + 4;

/// The place as it is built into the library: no facts.
#[must_use]
pub const fn empty() -> [u8; SIZE] {
    let mut place = [0; SIZE];
    let mut index = 0;
    while index < MAGIC.len() {
        place[index] = MAGIC[index];
        index += 1;
    }
    place
}

/// The library's file with `facts` put in.
///
/// # Errors
/// When the file has no such place or more than one, or the facts do not fit.
pub fn fill(mut library: Vec<u8>, facts: &Facts) -> Result<Vec<u8>> {
    let start = place_in(&library)?;
    let text = serde_json::to_vec(facts).context("cannot write the facts of the simulated NVML")?;
    let room = SIZE - HEADER;
    let place = library
        .get_mut(start..start + SIZE)
        .ok_or_else(|| Failure::new("the simulated NVML library ends within the place for its facts"))?;
    let (header, body) = place.split_at_mut(HEADER);
    let length = u32::try_from(text.len()).ok().filter(|_| text.len() <= room);
    let (Some(length), Some(target)) = (length, body.get_mut(..text.len())) else {
        return Err(Failure::new(format!(
            "the host's GPUs take {} bytes in the simulated NVML, which has room for {room}",
            text.len()
        )));
    };
    header[MAGIC.len()..].copy_from_slice(&length.to_le_bytes());
    target.copy_from_slice(&text);
    Ok(library)
}

/// The facts in a place, given without its magic: `None` when nothing was filled in or it is damaged.
///
/// The reader does not compare the magic, or the file would hold it twice.
#[must_use]
pub fn read(place_after_magic: &[u8]) -> Option<Facts> {
    let (length, rest) = place_after_magic.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    serde_json::from_slice(rest.get(..length)?).ok()
}

fn place_in(library: &[u8]) -> Result<usize> {
    let mut places = library.windows(MAGIC.len()).enumerate().filter(|(_, window)| *window == MAGIC);
    match (places.next(), places.next()) {
        (Some((start, _)), None) => Ok(start),
        (None, _) => {
            Err(Failure::new("the file is not the simulated NVML library: it has no place for facts"))
        }
        (Some(_), Some(_)) => {
            Err(Failure::new("the simulated NVML library has more than one place for facts"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library() -> Vec<u8> {
        [b"ELF head".as_slice(), &empty(), b"tail"].concat()
    }

    #[test]
    fn what_is_filled_in_is_read_back() {
        let facts = Facts { driver_version: "580.95.05".into(), cuda: (13, 0), ..Facts::default() };
        let filled = fill(library(), &facts).unwrap();
        assert_eq!(filled.len(), library().len());
        assert_eq!(read(&filled[8 + MAGIC.len()..]), Some(facts));
        assert!(filled.ends_with(b"tail"));
    }

    #[test]
    fn bad_places_are_refused() {
        let huge = Facts { driver_version: "5".repeat(SIZE), ..Facts::default() };
        let cases: [(Vec<u8>, &Facts, &str); 4] = [
            (b"plain".to_vec(), &Facts::default(), "no place"),
            ([library(), library()].concat(), &Facts::default(), "more than one"),
            (MAGIC.to_vec(), &Facts::default(), "ends within"),
            (library(), &huge, "room for"),
        ];
        for (file, facts, expected) in cases {
            let failure = fill(file, facts).unwrap_err();
            assert!(failure.message().contains(expected), "{failure}");
        }
    }

    #[test]
    fn an_unfilled_or_damaged_place_holds_no_facts() {
        assert_eq!(read(&empty()[MAGIC.len()..]), None);
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[255, 255, 255, 255, b'{']), None);
    }
}
