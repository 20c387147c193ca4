//! The OCI hook file of `--config-mode=oci-hook`, which Podman and CRI-O read from their hooks
//! folders (`oci-hooks(5)`). CDI has taken its place; hosts with old recipes still write it.

use crate::codes;
use diag::{Failure, Result};
use serde_json::json;

const FOLDERS: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The text of the file: the program runs as a prestart hook of every container.
///
/// # Errors
/// The path of the program is not absolute.
pub fn text(program: &str) -> Result<String> {
    let Some((folder, name)) =
        program.rsplit_once('/').filter(|(_, name)| program.starts_with('/') && !name.is_empty())
    else {
        let problem = format!("the nvidia-runtime-hook-path {program:?} is not an absolute path");
        return Err(Failure::coded(codes::BAD_RUNTIME, problem));
    };
    let folder = if folder.is_empty() { "/" } else { folder };
    let mut folders = FOLDERS.to_vec();
    if !folders.contains(&folder) {
        folders.push(folder);
    }
    let hook = json!({
        "version": "1.0.0",
        "hook": {
            "path": program,
            "args": [name, "prestart"],
            "env": [format!("PATH={}", folders.join(":"))],
        },
        "when": { "always": true, "commands": [".*"] },
        "stages": ["prestart"],
    });
    Ok(format!("{hook:#}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_names_the_program_and_where_it_finds_others() {
        let usual = text("/usr/bin/nvidia-container-runtime-hook").unwrap();
        assert!(usual.starts_with("{\n  \"version\": \"1.0.0\",\n  \"hook\": {\n    \"path\": \"/usr/bin/nvidia-container-runtime-hook\",\n"));
        assert!(
            usual.contains("\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\""),
            "{usual}"
        );
        assert!(text("/opt/nv/hook").unwrap().contains(":/bin:/opt/nv\""));
        for path in ["", "hook", "./hook", "/opt/"] {
            assert_eq!(text(path).unwrap_err().code(), Some(codes::BAD_RUNTIME), "{path:?}");
        }
    }
}
