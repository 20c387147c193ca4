//! Where `config.toml` lies.

/// The place when the environment says nothing.
pub const DEFAULT_PATH: &str = "/etc/nvidia-container-runtime/config.toml";

/// The variable that names the file itself.
pub const FILE_VARIABLE: &str = "NVIDIA_CTK_CONFIG_FILE_PATH";

/// The path of `config.toml`: `$NVIDIA_CTK_CONFIG_FILE_PATH`, else below `$XDG_CONFIG_HOME`, else
/// [`DEFAULT_PATH`]. `variable` looks a variable of the process' environment up.
#[must_use]
pub fn location(variable: impl Fn(&str) -> Option<String>) -> String {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(path) = set(FILE_VARIABLE) {
        return path;
    }
    match set("XDG_CONFIG_HOME") {
        Some(home) => format!("{}/nvidia-container-runtime/config.toml", home.trim_end_matches('/')),
        None => DEFAULT_PATH.to_owned(),
    }
}
