//! The value of `--gpus`, read as docker reads it (docker/cli, `opts/gpus.go`).

/// What is wrong with a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A quote within a field that does not begin with one.
    Quotes,
    /// A field without a key that is neither `all` nor a number.
    Count(String),
    /// A key that does not exist.
    Key(String),
    /// A number and names.
    Both,
    /// A capability that no driver has, and all that are asked for.
    Capability(String, String),
    /// Several numbers: the value, and the last of them.
    Several(String, String),
    /// The number zero.
    Zero,
}

/// What the driver for NVIDIA GPUs answers to (moby/moby, `daemon/nvidia_linux.go`), and that for AMD.
const CAPABILITIES: &[&str] =
    &["gpu", "nvidia", "compute", "compat32", "graphics", "utility", "video", "display", "amd"];

/// What is wrong with a value; `None` for what is right or not known, and for names without quotes, which
/// are another rule's.
pub(super) fn fault(value: &str) -> Option<Fault> {
    if value.is_empty() || value.contains(['$', '<', '{', '[']) {
        return None;
    }
    let Some(fields) = fields(value) else { return Some(Fault::Quotes) };
    let is_list_of_names = fields.first().is_some_and(|field| field.starts_with("device="))
        && fields.iter().skip(1).all(|field| !field.contains('='));
    if is_list_of_names {
        return None;
    }
    if fields.iter().any(|field| is_placeholder(field, fields.len())) {
        return None;
    }
    fields.iter().find_map(|field| of_field(field)).or_else(|| of_counts(value, &fields))
}

/// Whether a field stands for what the reader is to put there: `N`, `KEY=VALUE`, `count`.
fn is_placeholder(field: &str, of: usize) -> bool {
    let name = field.split('=').next().unwrap_or(field);
    let is_upper = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let is_value = ["true", "yes", "gpu", "nvidia", "any"].contains(&field)
        || field.starts_with("GPU-")
        || field.starts_with("MIG-");
    is_upper || (of == 1 && !field.contains('=') && !is_count(field) && !is_value)
}

/// The fields of a line of CSV; `None` when a quote stands where none may be.
fn fields(value: &str) -> Option<Vec<String>> {
    let mut out = Vec::new();
    let mut rest = value;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(inner) => inner.split_once('"')?,
            None => rest.split_at(rest.find(',').unwrap_or(rest.len())),
        };
        if field.contains('"') {
            return None;
        }
        out.push(field.to_owned());
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return after.is_empty().then_some(out),
        }
    }
}

fn of_field(field: &str) -> Option<Fault> {
    let Some((key, value)) = field.split_once('=') else {
        return (!is_count(field)).then(|| Fault::Count(field.to_owned()));
    };
    match key {
        "count" => (!is_count(value)).then(|| Fault::Count(value.to_owned())),
        "capabilities" => {
            let unknown = value.split(',').find(|word| !CAPABILITIES.contains(word))?;
            Some(Fault::Capability(unknown.to_owned(), value.replace(',', " ")))
        }
        "device" | "driver" | "options" => None,
        _ => Some(Fault::Key(key.to_owned())),
    }
}

fn of_counts(value: &str, fields: &[String]) -> Option<Fault> {
    let count = |field: &String| match field.split_once('=') {
        None => Some(field.clone()),
        Some(("count", number)) => Some(number.to_owned()),
        Some(_) => None,
    };
    let counts: Vec<String> = fields.iter().filter_map(count).collect();
    let names = fields.iter().any(|field| field.starts_with("device="));
    match counts.as_slice() {
        [] => None,
        [zero] if zero == "0" && !names => Some(Fault::Zero),
        [.., last] if names && last != "0" => Some(Fault::Both),
        [_, .., last] if counts.len() == fields.len() && last != "all" => {
            Some(Fault::Several(value.to_owned(), last.clone()))
        }
        _ => None,
    }
}

fn is_count(text: &str) -> bool {
    text == "all" || text.parse::<i64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_docker_reads_them() {
        let owned = str::to_owned;
        let cases = [
            ("all", None),
            ("2", None),
            ("device=0", None),
            ("device=0,1", None),
            ("\"device=0,1\"", None),
            ("\"device=0,1\",capabilities=compute", None),
            ("all,\"capabilities=compute,utility\"", None),
            ("0", Some(Fault::Zero)),
            ("0,1", Some(Fault::Several(owned("0,1"), owned("1")))),
            ("all,device=0", Some(Fault::Both)),
            ("all,capabilities=all", Some(Fault::Capability(owned("all"), owned("all")))),
            ("all,capabilities=compute,utility", Some(Fault::Count(owned("utility")))),
            ("device=\"0,1\"", Some(Fault::Quotes)),
            ("gpus=1", Some(Fault::Key(owned("gpus")))),
            ("true", Some(Fault::Count(owned("true")))),
            ("<count>", None),
            ("N", None),
            ("num_gpus", None),
        ];
        for (value, expected) in cases {
            assert_eq!(fault(value), expected, "{value}");
        }
    }
}
