//! A tar archive (POSIX ustar) with one program in it, and the folders that engines mount into.

/// The archive. `name` begins with a slash.
pub(super) fn of_program(name: &str, program: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    for folder in ["dev/", "etc/", "proc/", "sys/", "tmp/", "usr/"] {
        archive.extend(header(folder, 0o755, 0, b'5'));
    }
    archive.extend(header(name.trim_start_matches('/'), 0o755, program.len(), b'0'));
    archive.extend(program);
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}

/// A header of 512 bytes: name at 0, mode at 100, owner at 108 and 116, size at 124, time at 136, sum
/// at 148, kind at 156, magic at 257. Numbers are octal.
fn header(name: &str, mode: u32, size: usize, kind: u8) -> [u8; 512] {
    let mut block = [0; 512];
    put(&mut block, 0, name.as_bytes());
    put(&mut block, 100, format!("{mode:07o}").as_bytes());
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

fn put(block: &mut [u8; 512], at: usize, bytes: &[u8]) {
    for (place, byte) in block.iter_mut().skip(at).zip(bytes) {
        *place = *byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_whole_and_the_sum_is_that_of_tar() {
        let archive = of_program("/probe", b"hello");
        assert_eq!(archive.len() % 512, 0);
        let file = &archive[6 * 512..];
        assert!(file.starts_with(b"probe\0"));
        assert_eq!(&file[124..135], b"00000000005");
        assert_eq!(&file[512..517], b"hello");
        let sum = usize::from_str_radix(std::str::from_utf8(&file[148..154]).unwrap(), 8).unwrap();
        let blank: usize = file[..512].iter().map(|byte| usize::from(*byte)).sum::<usize>()
            - file[148..156].iter().map(|byte| usize::from(*byte)).sum::<usize>()
            + 8 * usize::from(b' ');
        assert_eq!(sum, blank);
    }
}
