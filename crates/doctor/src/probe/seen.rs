//! How a probe ended, as data.

use super::complaint;
use host::exec::Output;
use serde::{Deserialize, Serialize};

/// How a container that was started for the purpose ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// What a user types, up to the image: `docker run --gpus all`.
    pub way: String,
    /// The image: its name, or that it was an empty one.
    pub image: String,
    /// Why it did not run, in the words of whoever refused; `None`: it ran.
    pub refused: Option<String>,
    /// The device nodes of GPUs in it.
    pub nodes: Vec<ProbedNode>,
    /// The driver's libraries in it, by path.
    pub libraries: Vec<String>,
}

/// A device node that was opened inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbedNode {
    /// Its path.
    pub path: String,
    /// Why it could not be opened; `None`: it could.
    pub error: Option<String>,
}

impl Probe {
    /// How many GPUs could be opened.
    #[must_use]
    pub fn gpus(&self) -> usize {
        self.nodes.iter().filter(|node| node.error.is_none() && node.is_gpu()).count()
    }

    /// The nodes that could not be opened.
    pub fn closed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.nodes.iter().filter_map(|node| Some((node.path.as_str(), node.error.as_deref()?)))
    }
}

impl ProbedNode {
    /// Whether it is `/dev/nvidia<N>` or WSL's `/dev/dxg`.
    #[must_use]
    pub fn is_gpu(&self) -> bool {
        let number = self.path.strip_prefix("/dev/nvidia");
        self.path == "/dev/dxg"
            || number.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

/// What the client and our program inside said. Our first line tells that the program ran.
pub(super) fn read(way: &str, image: &str, output: &Output) -> Probe {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut probe = Probe { way: way.to_owned(), image: image.to_owned(), ..Probe::default() };
    let mut lines = said.lines().skip_while(|line| *line != "probe");
    if lines.next().is_none() || !output.success() {
        probe.refused = Some(complaint(output));
    }
    for line in lines {
        let mut words = line.splitn(3, ' ');
        match (words.next(), words.next(), words.next()) {
            (Some("node"), Some(path), Some(end)) => probe
                .nodes
                .push(ProbedNode { path: path.to_owned(), error: (end != "ok").then(|| end.to_owned()) }),
            (Some("library"), Some(path), None) => probe.libraries.push(path.to_owned()),
            _ => {}
        }
    }
    probe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(code: i32, stdout: &str, stderr: &str) -> Output {
        Output { code: Some(code), signal: None, stdout: stdout.into(), stderr: stderr.into() }
    }

    #[test]
    fn nodes_that_cannot_be_opened_are_no_gpus() {
        let text = "a wrapper's line\nprobe\nnode /dev/nvidia0 ok\nnode /dev/nvidia1 Operation not permitted (os error 1)\nnode /dev/nvidiactl ok\nlibrary /usr/lib64/libcuda.so.580.95.05\n";
        let probe = read("docker run", "x", &output(0, text, ""));
        assert_eq!((probe.gpus(), probe.nodes.len(), probe.refused.as_deref()), (1, 3, None));
        assert_eq!(probe.closed().next(), Some(("/dev/nvidia1", "Operation not permitted (os error 1)")));
        assert_eq!(probe.libraries.len(), 1);
    }

    #[test]
    fn a_container_that_did_not_run_has_the_last_words_of_the_client() {
        let said = "docker: Error response from daemon: could not select device driver \"\" with capabilities: [[gpu]].\nSee 'docker run --help'.\n";
        let probe = read("docker run", "x", &output(125, "", said));
        assert!(probe.refused.unwrap().contains("could not select"));
        assert_eq!(
            read("x", "x", &output(3, "", "")).refused.as_deref(),
            Some("it ended with exit status 3")
        );
    }
}
