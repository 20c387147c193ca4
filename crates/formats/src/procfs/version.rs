//! `/proc/driver/nvidia/version`: the version of the loaded kernel module.

/// The version in the first line, as the proprietary and the open module write it:
///
/// ```text
/// NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue Sep 23 10:11:16 UTC 2025
/// NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (...)
/// ```
#[must_use]
pub fn driver_version(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with("NVRM version:"))?;
    let (_, rest) = line.split_once("Kernel Module")?;
    rest.split_whitespace().find(|word| is_version(word)).map(str::to_owned)
}

/// Two or more numbers with dots between: `580.95.05`, but neither `x86_64` nor `10:11:16`.
fn is_version(word: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    word.contains('.') && word.split('.').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_module_tell_their_version() {
        let table = [
            (
                "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue Sep 23 10:11:16 UTC 2025\nGCC version:  gcc version 12.3.0\n",
                Some("580.95.05"),
            ),
            (
                "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (builder@host)  Tue Sep 23\n",
                Some("580.95.05"),
            ),
            (
                "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.3.0  Release Build\n",
                Some("540.3.0"),
            ),
            ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.82\n", Some("470.82")),
            ("GCC version:  gcc version 12.3.0\n", None),
            ("NVRM version: NVIDIA UNIX x86_64 Kernel Module\n", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(driver_version(text).as_deref(), expected, "{text:?}");
        }
    }
}
