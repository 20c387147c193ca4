//! What must not be shown of a file: passwords, tokens and keys, and who is named in an address.

/// Parts of a key's name that tell that its value is secret.
const WORDS: [&str; 8] =
    ["passw", "secret", "token", "credential", "apikey", "api_key", "api-key", "private"];

/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// The lines of a configuration file with every secret in them hidden: values of keys like `password`,
/// `identitytoken` or `auth`, and user names with passwords in addresses.
#[must_use]
pub fn without_secrets(text: &str) -> String {
    text.split_inclusive('\n').map(|line| without_users(&without_values(line))).collect()
}

/// Hides what follows each secret key, up to the end of its value.
fn without_values(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, after) = rest.split_at(at + 1);
        out.push_str(before);
        rest = after;
        if !is_secret(before.get(..at).unwrap_or_default()) {
            continue;
        }
        let value = rest.trim_start_matches([' ', '\t']);
        out.push_str(rest.get(..rest.len() - value.len()).unwrap_or_default());
        let length = length_of(value);
        if length > 0 {
            out.push_str(HIDDEN);
        }
        rest = value.get(length..).unwrap_or_default();
    }
    out + rest
}

/// Whether the key that ends here names a secret.
fn is_secret(before: &str) -> bool {
    let key = before.trim_end().trim_end_matches(['"', '\'']);
    let start = key.rfind(|letter: char| !letter.is_alphanumeric() && !"_-.".contains(letter));
    let key = key.get(start.map_or(0, |at| at + 1)..).unwrap_or(key).to_lowercase();
    key == "auth" || key.ends_with("_auth") || WORDS.iter().any(|word| key.contains(word))
}

/// The bytes of a value: to its closing quote or bracket, or to the end of the line.
fn length_of(value: &str) -> usize {
    let end = value.trim_end_matches(['\n', '\r']).len();
    let closing = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let mut escaped = false;
            value.char_indices().skip(1).find_map(|(at, letter)| {
                let ends = letter == quote && !escaped;
                escaped = letter == '\\' && !escaped;
                ends.then_some(at + 1)
            })
        }
        // A table or list: the keys in it are looked at by themselves.
        Some('{' | '[') => Some(0),
        _ => value.find([',', '}', ' ', '\t']),
    };
    closing.unwrap_or(end).min(end)
}

/// Hides who is named before the `@` of an address.
fn without_users(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let authority = after.find(['/', '"', '\'', ' ', ',', '\n']).unwrap_or(after.len());
        let at = after.get(..authority).and_then(|authority| authority.rfind('@'));
        if at.is_some() {
            out.push_str(HIDDEN);
        }
        rest = after.get(at.unwrap_or(0)..).unwrap_or_default();
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_all_else_stays() {
        for (text, expected) in [
            ("  \"debug\": true,\n", "  \"debug\": true,\n"),
            (
                "+ \"http-proxy\": \"http://ada:pw@proxy:3128\",\n",
                "+ \"http-proxy\": \"http://***@proxy:3128\",\n",
            ),
            ("no-proxy = \"a@b\"", "no-proxy = \"a@b\""),
            ("auth = \"YWRhOnB3\" # mine\n", "auth = *** # mine\n"),
            ("-      password = 's p'\n", "-      password = ***\n"),
            ("{\"identitytoken\":\"a\\\"b\",\"x\":1}", "{\"identitytoken\":***,\"x\":1}"),
            ("{ username = 'ada', password = 'pw' }", "{ username = 'ada', password = *** }"),
            ("secret_key: abc def", "secret_key: *** def"),
            ("auths = { \"r.example\" = { auth = \"x\" } }", "auths = { \"r.example\" = { auth = *** } }"),
            ("token =", "token ="),
            ("password = \"open", "password = ***"),
            ("API_KEY=1\r\n", "API_KEY=***\r\n"),
            ("[plugins.cri.registry.configs.r.auth]\n", "[plugins.cri.registry.configs.r.auth]\n"),
            ("tcp://0.0.0.0:2375", "tcp://0.0.0.0:2375"),
        ] {
            assert_eq!(without_secrets(text), expected, "{text}");
        }
    }
}
