//! `/proc/driver/nvidia/params`: parameters of the kernel module.

use super::key_value;

/// Parameters in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// The value of a parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether user space tools of the driver create and repair device nodes.
    #[must_use]
    pub fn modify_device_files(&self) -> Option<bool> {
        self.number("ModifyDeviceFiles").map(|value| value != 0)
    }

    /// Owner of the device nodes.
    #[must_use]
    pub fn device_file_uid(&self) -> Option<u32> {
        self.number("DeviceFileUID")
    }

    /// Group of the device nodes.
    #[must_use]
    pub fn device_file_gid(&self) -> Option<u32> {
        self.number("DeviceFileGID")
    }

    /// Permission bits of the device nodes, for example `0o666`.
    #[must_use]
    pub fn device_file_mode(&self) -> Option<u32> {
        self.number("DeviceFileMode")
    }

    /// `ImexChannelCount`: how many IMEX channels the driver has.
    #[must_use]
    pub fn imex_channel_count(&self) -> Option<u32> {
        self.number("ImexChannelCount")
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.get(name)?.parse().ok()
    }
}

/// Reads `/proc/driver/nvidia/params`.
#[must_use]
pub fn params(text: &str) -> Params {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    Params(text.lines().filter_map(key_value).map(owned).collect())
}

/// The text with `ModifyDeviceFiles: 1` turned to 0, all else byte for byte; `None` when the text
/// does not say 1, so that there is nothing to disable.
#[must_use]
pub fn params_with_modification_disabled(text: &str) -> Option<String> {
    let mut changed = false;
    let line = |line| {
        if is_modification_enabled(line) {
            changed = true;
            return line.replacen('1', "0", 1);
        }
        String::from(line)
    };
    let masked: String = text.split_inclusive('\n').map(line).collect();
    changed.then_some(masked)
}

fn is_modification_enabled(line: &str) -> bool {
    key_value(line) == Some(("ModifyDeviceFiles", "1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "RmLogonRC: 1\nModifyDeviceFiles: 1\nDeviceFileUID: 0\nDeviceFileGID: 44\nDeviceFileMode: 432\nRegistryDwords: \"a:1\"\n";

    #[test]
    fn parameters_are_found_by_name() {
        let params = params(TEXT);
        assert_eq!(params.modify_device_files(), Some(true));
        assert_eq!(params.device_file_uid(), Some(0));
        assert_eq!(params.device_file_gid(), Some(44));
        assert_eq!(params.device_file_mode(), Some(0o660));
        assert_eq!(params.get("RegistryDwords"), Some("\"a:1\""));
        assert_eq!(params.get("Absent"), None);
    }

    #[test]
    fn only_the_one_parameter_is_masked() {
        let masked = TEXT.replace("ModifyDeviceFiles: 1", "ModifyDeviceFiles: 0");
        let table = [
            (TEXT, Some(masked.as_str())),
            (masked.as_str(), None),
            ("ModifyDeviceFiles: 1", Some("ModifyDeviceFiles: 0")),
            ("ModifyDeviceFiles: 11\n", None),
            ("NotModifyDeviceFiles: 1\n", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(params_with_modification_disabled(text).as_deref(), expected, "{text:?}");
        }
    }
}
