//! Tar archives in the form "ustar" (POSIX.1-1988), written: what `docker import` takes.

/// Length of a block, in bytes.
const BLOCK: usize = 512;

/// An archive of folders and of executable files, all root's. Names are paths from the root of the archive,
/// below 100 bytes; a slash before them is left out.
#[must_use]
pub fn archive(folders: &[&str], files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for folder in folders {
        archive.extend(header(folder, 0, b'5'));
    }
    for (name, bytes) in files {
        archive.extend(header(name, bytes.len(), b'0'));
        archive.extend(*bytes);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    archive
}

/// Name at 0, mode at 100, owner at 108 and 116, size at 124, time at 136, sum at 148, kind at 156, magic at
/// 257. Numbers are octal text.
fn header(name: &str, size: usize, kind: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    put(&mut block, 0, name.trim_start_matches('/').as_bytes());
    put(&mut block, 100, b"0000755");
    put(&mut block, 108, b"0000000");
    put(&mut block, 116, b"0000000");
    put(&mut block, 124, format!("{size:011o}").as_bytes());
    put(&mut block, 136, b"00000000000");
    put(&mut block, 148, b"        ");
    put(&mut block, 156, &[kind]);
    put(&mut block, 257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    put(&mut block, 148, format!("{sum:06o}\0 ").as_bytes());
    block
}

fn put(block: &mut [u8; BLOCK], at: usize, bytes: &[u8]) {
    for (place, byte) in block.iter_mut().skip(at).zip(bytes) {
        *place = *byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_whole_and_the_sum_is_that_of_tar() {
        let archive = archive(&["dev/"], &[("/probe", b"hello"), ("x", &[])]);
        assert_eq!(archive.len(), (1 + 2 + 1 + 2) * BLOCK);
        let file = &archive[BLOCK..];
        assert!(file.starts_with(b"probe\0"));
        assert_eq!(&file[124..135], b"00000000005");
        assert_eq!(&file[BLOCK..BLOCK + 7], b"hello\0\0");
        let sum = usize::from_str_radix(std::str::from_utf8(&file[148..154]).unwrap(), 8).unwrap();
        let blank: usize = file[..BLOCK].iter().map(|byte| usize::from(*byte)).sum::<usize>()
            - file[148..156].iter().map(|byte| usize::from(*byte)).sum::<usize>()
            + 8 * usize::from(b' ');
        assert_eq!(sum, blank);
    }
}
