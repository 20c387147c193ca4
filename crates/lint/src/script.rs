//! The model of a shell script or of the commands in a Markdown text: calls of `docker run`.

use crate::dockerfile::{Argument, Logical};
use crate::file::File;
use crate::shell;
use crate::text::Span;

/// A script, or the commands of a Markdown text.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The calls in the order of the text.
    pub calls: Vec<Call>,
    /// The words of each `docker build`.
    pub builds: Vec<Vec<Argument>>,
}

/// One call that starts a container.
#[derive(Clone, Debug)]
pub struct Call {
    /// The program: `docker`, `podman`, `nvidia-docker`.
    pub program: Argument,
    /// Options before the image, by name, with their value.
    pub options: Vec<(String, Option<Argument>)>,
    /// The image, when the words before it are known.
    pub image: Option<Argument>,
    /// What follows the image.
    pub command: Vec<Argument>,
    /// Variables set with `-e`, with their value.
    pub span: Span,
}

impl Call {
    /// The values of an option.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Argument> {
        self.options.iter().filter(move |(own, _)| own == name).filter_map(|(_, value)| value.as_ref())
    }

    /// Whether an option is given.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(own, _)| own == name)
    }
}

/// Fences in Markdown that hold commands.
const SHELLS: &[&str] =
    &["", "sh", "bash", "shell", "console", "zsh", "shell-session", "shellsession", "terminal"];

/// Options of `docker run` without a value.
const SWITCHES: &[&str] = &[
    "--detach",
    "--interactive",
    "--tty",
    "--rm",
    "--privileged",
    "--init",
    "--read-only",
    "--publish-all",
    "--no-healthcheck",
    "--oom-kill-disable",
    "--sig-proxy",
    "--disable-content-trust",
    "--quiet",
    "--help",
    "--replace",
    "--no-hosts",
    "--rmi",
    "--tls-verify",
    "--env-host",
    "--http-proxy",
    "--use-api-socket",
];

impl Script {
    /// Whether a text is worth reading: it starts containers, and says something of GPUs.
    #[must_use]
    pub fn is_about_gpus(text: &str) -> bool {
        let starts = ["docker run", "podman run", "nvidia-docker", "docker container run", "docker create"]
            .iter()
            .any(|words| text.contains(words))
            && ["--gpu", "nvidia", " -gpus"].iter().any(|words| text.contains(words));
        starts || (text.contains("docker build") && text.contains("--gpus"))
    }

    /// Reads a script (`.sh`), or the fenced blocks of a Markdown text.
    #[must_use]
    pub fn read(file: &File) -> Self {
        let is_markdown = file.path.to_ascii_lowercase().ends_with(".md");
        let blocks = if is_markdown { blocks(&file.text) } else { vec![whole(&file.text)] };
        let mut out = Self::default();
        for command in blocks.iter().flat_map(shell::split) {
            let words = words(&command);
            out.builds.extend(build(&words));
            out.calls.extend(call(&words, command.span));
        }
        out.calls.sort_by_key(|call| call.span);
        out
    }
}

fn whole(text: &str) -> Logical {
    let mut script = Logical::at(0);
    script.push(text, 0);
    script
}

/// The fenced blocks that hold commands, without prompts.
fn blocks(text: &str) -> Vec<Logical> {
    let mut out = Vec::new();
    let mut open: Option<(usize, Option<Logical>)> = None;
    let mut at = 0;
    for raw in text.split_inclusive('\n') {
        let start = at;
        at += raw.len();
        let content = raw.trim_start();
        let ticks = content.bytes().take_while(|byte| *byte == b'`').count();
        match &mut open {
            Some((fence, block)) => {
                if ticks >= *fence && content.trim_end().len() == ticks {
                    out.extend(block.take());
                    open = None;
                } else if let Some(block) = block {
                    let prompt = content
                        .strip_prefix("$ ")
                        .or_else(|| content.strip_prefix("# docker").map(|_| &content[2..]));
                    let kept = prompt.unwrap_or(raw);
                    block.push(kept, start + raw.len() - kept.len());
                }
            }
            None if ticks >= 3 => {
                let info = content.trim_start_matches('`').trim();
                let word = info.split([' ', '{', ',']).next().unwrap_or("").to_ascii_lowercase();
                let is_shell = SHELLS.contains(&word.as_str());
                open = Some((ticks, is_shell.then(|| Logical::at(at))));
            }
            None => {}
        }
    }
    out
}

/// The words of a command behind `sudo` and the like.
fn words(command: &shell::Command) -> Vec<Argument> {
    let mut words = Vec::new();
    for word in &command.words {
        let literal = word.bare().is_some() && word.contiguous;
        for text in word.fields(&mut |_| None) {
            words.push(Argument { text, span: word.span, exact: literal });
        }
    }
    let before = |word: &Argument| matches!(word.known(), "sudo" | "exec" | "time" | "-E" | "nohup");
    let start = words.iter().position(|word| !before(word)).unwrap_or(words.len());
    words.split_off(start)
}

/// The words behind `docker build`.
fn build(words: &[Argument]) -> Option<Vec<Argument>> {
    let (program, rest) = words.split_first()?;
    let group = rest.first().is_some_and(|word| matches!(word.known(), "buildx" | "image"));
    let (verb, rest) = rest.get(usize::from(group)..)?.split_first()?;
    (program.known() == "docker" && verb.known() == "build").then(|| rest.to_vec())
}

fn call(words: &[Argument], span: Span) -> Option<Call> {
    let (program, mut rest) = words.split_first()?;
    if !matches!(program.known(), "docker" | "podman" | "nvidia-docker") {
        return None;
    }
    if rest.first().is_some_and(|word| word.known() == "container") {
        rest = rest.get(1..)?;
    }
    let (verb, rest) = rest.split_first()?;
    if !matches!(verb.known(), "run" | "create") {
        return None;
    }
    let mut call =
        Call { program: program.clone(), options: Vec::new(), image: None, command: Vec::new(), span };
    read_options(&mut call, rest);
    Some(call)
}

fn read_options(call: &mut Call, words: &[Argument]) {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        // Options may hide in a variable: where the image stands is then not known.
        let Some(text) = word.text.as_deref() else { return };
        if !text.starts_with('-') || text == "-" {
            call.image = Some(word.clone());
            call.command = words.get(at..).unwrap_or(&[]).to_vec();
            return;
        }
        let (name, inline) = match text.split_once('=') {
            Some((name, value)) if text.starts_with("--") => (name, Some(value)),
            _ => (text, None),
        };
        if let Some(value) = inline {
            let value = Argument { text: Some(value.to_owned()), span: word.span, exact: false };
            call.options.push((name.to_owned(), Some(value)));
        } else if takes_value(text) {
            call.options.push((name.to_owned(), words.get(at).cloned()));
            at += 1;
        } else {
            call.options.push((name.to_owned(), None));
        }
    }
}

/// Whether an option takes the next word: long ones unless they are switches; a group of letters
/// when its last letter does and no earlier one has taken the rest.
fn takes_value(text: &str) -> bool {
    const VALUED: &str = "veplwuhmca";
    if text.starts_with("--") {
        return !SWITCHES.contains(&text);
    }
    let letters = &text[1..];
    letters.find(|c| VALUED.contains(c)).is_some_and(|first| first + 1 == letters.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, text: &str) -> Vec<String> {
        let shown = |call: &Call| {
            let options: Vec<String> = call
                .options
                .iter()
                .map(|(name, value)| format!("{name}={}", value.as_ref().map_or("", Argument::known)))
                .collect();
            let rest: Vec<&str> = call.command.iter().map(Argument::known).collect();
            format!(
                "{} [{}] {}",
                options.join(" "),
                call.image.as_ref().map_or("?", Argument::known),
                rest.join(" ")
            )
        };
        Script::read(&File::new(path, text)).calls.iter().map(shown).collect()
    }

    #[test]
    fn calls_are_read() {
        let cases = [
            ("docker run -it --rm --gpus all img nvidia-smi -L", "-it= --rm= --gpus=all [img] nvidia-smi -L"),
            (
                "sudo docker container run --gpus=all -v $PWD:/x -p80:80 \\\n  -itw /x img",
                "--gpus=all -v= -p80:80= -itw=/x [img] ",
            ),
            ("docker run $OPTS img x", " [?] "),
            ("docker run --gpus '\"device=0,1\"' img", "--gpus=\"device=0,1\" [img] "),
        ];
        for (text, expected) in cases {
            assert_eq!(read("a.sh", text), [expected], "{text}");
        }
        assert!(read("a.sh", "echo docker run x; docker build .; docker").is_empty());
        let builds =
            Script::read(&File::new("a.sh", "sudo docker buildx build -t a . && docker image build b"));
        assert_eq!(builds.builds.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1]);
    }

    #[test]
    fn markdown_has_commands_in_fences() {
        let text = "docker run a\n```console\n$ docker run b\n```\n- x\n  ```bash\n  docker run c \\\n    d\n  ```\n```python\ndocker run e\n```\n";
        assert_eq!(read("README.md", text), [" [b] ", " [c] d"]);
    }
}
