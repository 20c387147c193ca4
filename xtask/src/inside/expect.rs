//! What a container is expected to show, and the judgement whether it did.

use crate::exec::tail;
use diag::{Failure, Result};
use std::process::Output;

/// The expected end of one command.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// It succeeds and prints what `nvidia-smi -L` prints on the host.
    EveryGpu,
    /// It succeeds and prints the host's lines for these GPUs, counted anew from 0.
    Gpus(&'static [usize]),
    /// It succeeds and prints exactly these lines.
    Lines(&'static [&'static str]),
    /// It fails, and what it says holds all these words.
    Fails(&'static [&'static str]),
}

impl Expect {
    /// Compares the output of a command with the expectation; `host` holds the host's own lines.
    pub(crate) fn judge(self, host: &[String], output: &Output) -> Result<()> {
        let wanted = match self {
            Self::EveryGpu => host.to_vec(),
            Self::Gpus(indices) => counted_anew(host, indices)?,
            Self::Lines(lines) => lines.iter().map(|line| (*line).to_string()).collect(),
            Self::Fails(words) => return judge_failure(words, output),
        };
        judge_lines(&wanted, output)
    }
}

/// The host's lines for some GPUs as a container shows them: the first is GPU 0 again.
fn counted_anew(host: &[String], indices: &[usize]) -> Result<Vec<String>> {
    let line = |(position, index): (usize, &usize)| {
        let line = host.get(*index).and_then(|line| line.strip_prefix(&format!("GPU {index}")));
        let rest = line.ok_or_else(|| Failure::new(format!("the host shows no GPU {index}: {host:?}")))?;
        Ok(format!("GPU {position}{rest}"))
    };
    indices.iter().enumerate().map(line).collect()
}

fn judge_lines(wanted: &[String], output: &Output) -> Result<()> {
    let shown = String::from_utf8_lossy(&output.stdout);
    let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
    if output.status.success() && shown == wanted {
        return Ok(());
    }
    let wanted = if wanted.is_empty() { "(nothing)".to_string() } else { wanted.join("\n") };
    Err(Failure::new(format!("expected success and\n{wanted}\ngot {}", described(output))))
}

fn judge_failure(words: &[&str], output: &Output) -> Result<()> {
    let said = text(output);
    let missing: Vec<&&str> = words.iter().filter(|word| !said.contains(**word)).collect();
    if !output.status.success() && missing.is_empty() && !said.contains("panicked at") {
        return Ok(());
    }
    Err(Failure::new(format!("expected a failure that says {words:?}, got {}", described(output))))
}

/// Both streams of an output.
pub(crate) fn text(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}")
}

fn described(output: &Output) -> String {
    format!("{} and\n{}", output.status, tail(&text(output), 25))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    fn output(code: i32, stdout: &str, stderr: &str) -> Output {
        let status = ExitStatus::from_raw(code << 8);
        Output { status, stdout: stdout.into(), stderr: stderr.into() }
    }

    fn host() -> Vec<String> {
        ["GPU 0: A (UUID: a)", "GPU 1: A (UUID: b)", "GPU 2: A (UUID: c)"].map(str::to_string).to_vec()
    }

    #[test]
    fn every_expectation_can_fail() {
        let all = "GPU 0: A (UUID: a)\nGPU 1: A (UUID: b)\nGPU 2: A (UUID: c)\n";
        for (expect, output, well) in [
            (Expect::EveryGpu, output(0, all, ""), true),
            (Expect::EveryGpu, output(1, all, ""), false),
            (Expect::EveryGpu, output(0, "GPU 0: A (UUID: a)\n", ""), false),
            (Expect::EveryGpu, output(0, "", ""), false),
            (Expect::Gpus(&[0, 2]), output(0, "GPU 0: A (UUID: a)\nGPU 1: A (UUID: c)\n", ""), true),
            (Expect::Gpus(&[0, 2]), output(0, "GPU 0: A (UUID: a)\nGPU 1: A (UUID: b)\n", ""), false),
            (Expect::Gpus(&[0, 2]), output(0, all, ""), false),
            (Expect::Gpus(&[7]), output(0, all, ""), false),
            (Expect::Lines(&[]), output(0, "", "a warning"), true),
            (Expect::Lines(&[]), output(0, "/dev/nvidia0\n", ""), false),
            (Expect::Lines(&[]), output(127, "", "not found"), false),
            (Expect::Fails(&["99", "0-7"]), output(125, "", "no GPU 99: this machine has 0-7"), true),
            (Expect::Fails(&["99", "0-7"]), output(125, "", "no such device 99"), false),
            (Expect::Fails(&["99"]), output(0, "99", ""), false),
            (Expect::Fails(&["99"]), output(101, "", "thread panicked at 99"), false),
        ] {
            assert_eq!(expect.judge(&host(), &output).is_ok(), well, "{expect:?} of {output:?}");
        }
    }
}
