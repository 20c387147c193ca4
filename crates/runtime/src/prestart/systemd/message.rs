//! The one D-Bus message that is sent; answers are read by [`formats::dbus`]. The wire format is that of the
//! D-Bus specification, "Message Protocol": every value is aligned to its own size, counted from the
//! beginning of the message.

use super::super::program::Rule;

const METHOD_CALL: u8 = 1;

/// `SetUnitProperties(scope, runtime, [("DeviceAllow", a(ss))])` of systemd's manager. The list is
/// appended to the unit's.
pub(super) fn allow_devices(scope: &str, rules: &[Rule]) -> Vec<u8> {
    let mut body = Bytes::default();
    body.string(scope);
    body.word(1);
    body.array(|body| {
        body.align(8);
        body.string("DeviceAllow");
        body.signature("a(ss)");
        body.array(|body| {
            for rule in rules {
                body.align(8);
                // This form needs neither the node nor the link of that name to exist.
                body.string(&format!("/dev/char/{}:{}", rule.major, rule.minor));
                body.string(&rule.access.to_string());
            }
        });
    });
    let mut message = Bytes(vec![b'l', METHOD_CALL, 0, 1]);
    message.word(body.length());
    message.word(1);
    message.array(|message| {
        message.field(1, "o", "/org/freedesktop/systemd1");
        message.field(2, "s", "org.freedesktop.systemd1.Manager");
        message.field(3, "s", "SetUnitProperties");
        message.field(6, "s", "org.freedesktop.systemd1");
        message.align(8);
        message.0.push(8);
        message.signature("g");
        message.signature("sba(sv)");
    });
    message.align(8);
    message.0.extend(body.0);
    message.0
}

/// Bytes of a message or body, little-endian.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn length(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    fn align(&mut self, size: usize) {
        self.0.resize(self.0.len().next_multiple_of(size), 0);
    }

    fn word(&mut self, value: u32) {
        self.align(4);
        self.0.extend(value.to_le_bytes());
    }

    fn string(&mut self, text: &str) {
        self.word(u32::try_from(text.len()).unwrap_or(u32::MAX));
        self.0.extend(text.as_bytes());
        self.0.push(0);
    }

    fn signature(&mut self, text: &str) {
        self.0.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
        self.0.extend(text.as_bytes());
        self.0.push(0);
    }

    /// An array of structures: its length does not count the padding in front of the first one.
    fn array(&mut self, fill: impl FnOnce(&mut Self)) {
        self.word(0);
        let length = self.0.len() - 4;
        self.align(8);
        let start = self.0.len();
        fill(self);
        let bytes = u32::try_from(self.0.len() - start).unwrap_or(u32::MAX).to_le_bytes();
        if let Some(place) = self.0.get_mut(length..length + 4) {
            place.copy_from_slice(&bytes);
        }
    }

    fn field(&mut self, code: u8, kind: &str, value: &str) {
        self.align(8);
        self.0.push(code);
        self.signature(kind);
        self.string(value);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::program::Access;
    use super::*;

    #[test]
    fn the_message_is_what_a_bus_library_writes() {
        let rules = [
            Rule { major: 195, minor: 0, access: Access::parse(Some("rw")) },
            Rule { major: 195, minor: 255, access: Access::parse(Some("rwm")) },
        ];
        let message = allow_devices("docker-abc.scope", &rules);
        let rest = formats::dbus::length_of_rest(&message).unwrap();
        assert_eq!(message.len(), formats::dbus::FIXED + rest);
        let body_length = u32::from_le_bytes(message[4..8].try_into().unwrap()) as usize;
        let body = &message[message.len() - body_length..];
        let expected = b"\x10\0\0\0docker-abc.scope\0\0\0\0\x01\0\0\0\
                         \x60\0\0\0\
                         \x0b\0\0\0DeviceAllow\0\x05a(ss)\0\0\
                         \x40\0\0\0\0\0\0\0\
                         \x0f\0\0\0/dev/char/195:0\0\x02\0\0\0rw\0\0\0\0\0\0\
                         \x11\0\0\0/dev/char/195:255\0\0\0\x03\0\0\0rwm\0";
        assert_eq!(String::from_utf8_lossy(body), String::from_utf8_lossy(expected));
    }
}
