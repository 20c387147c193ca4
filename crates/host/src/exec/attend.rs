//! Starting a program, serving its pipes and seeing to its end.

use super::{Command, Output};
use diag::{Failure, Result, ResultExt};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, waitid,
};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often to look whether the program ended where the kernel has no pidfd (before 5.3): its pipes
/// do not tell, since its children may keep them open for ever.
const TICK: Duration = Duration::from_millis(10);

impl Command {
    /// Runs the program and waits for its end. A program that ends badly is an [`Output`], no error.
    ///
    /// # Errors
    /// When it cannot be started, or runs past its deadline.
    pub fn run(&self) -> Result<Output> {
        self.run_watched(&mut |_| {})
    }

    /// Like [`Command::run`], with each new piece of its standard output shown to `watch` as it comes.
    ///
    /// # Errors
    /// When it cannot be started, or runs past its deadline.
    pub fn run_watched(&self, watch: &mut dyn FnMut(&[u8])) -> Result<Output> {
        if !self.program.starts_with('/') {
            return Err(Failure::new(format!("{:?} is not the absolute path of a program", self.program)));
        }
        let end = Instant::now() + self.deadline;
        let mut child = self.spawn()?;
        let outcome = self.attend(&mut child, end, watch);
        // The group is killed in any case: what the program left behind must not outlive it. The
        // program itself is not waited for before, so its number still means this group.
        let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
        let status = child.wait().context("cannot wait for it");
        outcome
            .and_then(|pipes| Ok(pipes.output(status?)))
            .with_context(|| format!("cannot run {}", self.program))
    }

    fn spawn(&self) -> Result<Child> {
        std::process::Command::new(&self.program)
            .args(&self.args)
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .process_group(0)
            .stdin(if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", self.program))
    }

    /// Serves the program's pipes until it ends.
    fn attend(&self, child: &mut Child, end: Instant, watch: &mut dyn FnMut(&[u8])) -> Result<Pipes<'_>> {
        let mut pipes = Pipes::take(child, &self.stdin, self.max_output)?;
        let mut shown = 0;
        loop {
            let ended = has_ended(child)?;
            pipes.serve()?;
            let new = pipes.stdout.kept.get(shown..).unwrap_or_default();
            if !new.is_empty() {
                watch(new);
                shown = pipes.stdout.kept.len();
            }
            if ended {
                return Ok(pipes);
            }
            if Instant::now() >= end {
                return Err(Failure::new(format!("no answer within {} ms", self.deadline.as_millis())));
            }
            pipes.wait(TICK)?;
        }
    }
}

/// Whether the program ended; its number stays taken until it is waited for.
fn has_ended(child: &Child) -> Result<bool> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(Pid::from_child(child)), options) {
        Ok(status) => Ok(status.is_some()),
        Err(Errno::INTR) => Ok(false),
        Err(cause) => Err(Failure::new("cannot wait for it").caused_by(std::io::Error::from(cause))),
    }
}

/// The three pipes of a running program, and what tells of its end.
struct Pipes<'input> {
    exit: Option<OwnedFd>,
    stdin: Option<std::process::ChildStdin>,
    input: &'input [u8],
    stdout: Sink<std::process::ChildStdout>,
    stderr: Sink<std::process::ChildStderr>,
}

impl<'input> Pipes<'input> {
    fn take(child: &mut Child, input: &'input [u8], limit: usize) -> Result<Self> {
        let stdin = child.stdin.take();
        if let Some(pipe) = &stdin {
            fcntl_setfl(pipe, OFlags::NONBLOCK).context("cannot set up standard input")?;
        }
        let stdout = Sink::new(child.stdout.take(), limit)?;
        let stderr = Sink::new(child.stderr.take(), limit)?;
        let exit = pidfd_open(Pid::from_child(child), PidfdFlags::empty()).ok();
        Ok(Self { exit, stdin, input, stdout, stderr })
    }

    /// Moves what can be moved without waiting.
    fn serve(&mut self) -> Result<()> {
        while let Some(pipe) = self.stdin.as_mut() {
            match pipe.write(self.input) {
                Ok(count) => self.input = self.input.get(count..).unwrap_or_default(),
                Err(cause) if cause.kind() == std::io::ErrorKind::WouldBlock => break,
                // The program does not want its input: its own answer says why.
                Err(_) => self.input = &[],
            }
            if self.input.is_empty() {
                self.stdin = None;
            }
        }
        self.stdout.drain()?;
        self.stderr.drain()
    }

    fn wait(&self, tick: Duration) -> Result<()> {
        let mut watched = Vec::with_capacity(4);
        if let Some(exit) = &self.exit {
            watched.push(PollFd::from_borrowed_fd(exit.as_fd(), PollFlags::IN));
        }
        if let Some(pipe) = &self.stdin {
            watched.push(PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::OUT));
        }
        if let Some(pipe) = &self.stdout.pipe {
            watched.push(PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN));
        }
        if let Some(pipe) = &self.stderr.pipe {
            watched.push(PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN));
        }
        let timeout = rustix::event::Timespec { tv_sec: 0, tv_nsec: i64::from(tick.subsec_nanos()) };
        match poll(&mut watched, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(cause) => {
                Err(Failure::new("cannot wait for its output").caused_by(std::io::Error::from(cause)))
            }
        }
    }

    fn output(self, status: ExitStatus) -> Output {
        Output {
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.kept,
            stderr: self.stderr.kept,
        }
    }
}

/// One output: what was kept of it, and the pipe while it is open.
struct Sink<P> {
    pipe: Option<P>,
    kept: Vec<u8>,
    limit: usize,
}

impl<P: Read + AsFd> Sink<P> {
    fn new(pipe: Option<P>, limit: usize) -> Result<Self> {
        if let Some(pipe) = &pipe {
            fcntl_setfl(pipe, OFlags::NONBLOCK).context("cannot set up an output")?;
        }
        Ok(Self { pipe, kept: Vec::new(), limit })
    }

    fn drain(&mut self) -> Result<()> {
        let mut chunk = [0; 16 * 1024];
        while let Some(pipe) = self.pipe.as_mut() {
            match pipe.read(&mut chunk) {
                Ok(0) => self.pipe = None,
                Ok(count) => {
                    let room = self.limit.saturating_sub(self.kept.len()).min(count);
                    self.kept.extend_from_slice(chunk.get(..room).unwrap_or_default());
                }
                Err(cause) if cause.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(Failure::new("cannot read its output").caused_by(cause)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        Command::new("/bin/sh").args(["-c", script])
    }

    #[test]
    fn answers_come_with_exactly_the_given_environment() {
        let output = shell("cat; echo $A >&2; env | grep -c ^HOME; exit 3").env("A", "b").stdin("in ").run();
        let output = output.expect("it runs");
        assert_eq!(output.code, Some(3));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "in 0\n");
        assert_eq!(output.stderr, b"b\n");
    }

    #[test]
    fn its_output_is_shown_as_it_comes() {
        let mut seen = Vec::new();
        let output = shell("echo a; sleep 0.05; echo b").run_watched(&mut |piece| seen.push(piece.to_vec()));
        assert_eq!(output.expect("it runs").stdout, b"a\nb\n");
        assert_eq!(seen, [b"a\n", b"b\n"]);
    }

    #[test]
    fn the_whole_group_dies_at_the_deadline() {
        let start = Instant::now();
        let failure = shell("sleep 100 & sleep 100").deadline(Duration::from_millis(100)).run();
        assert!(failure.expect_err("it must not answer").chain().contains("within 100 ms"));
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_child_that_keeps_the_pipes_does_not_keep_us() {
        let start = Instant::now();
        assert_eq!(shell("sleep 100 & echo x").run().expect("it runs").stdout, b"x\n");
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn output_is_bounded_and_input_need_not_be_read() {
        let mut command = shell("head -c 300000 /dev/zero").stdin(vec![b'x'; 1 << 20]);
        command.max_output = 1000;
        let output = command.run().expect("it runs");
        assert_eq!((output.code, output.stdout.len()), (Some(0), 1000));
    }

    #[test]
    fn a_missing_or_relative_program_is_an_error() {
        assert!(Command::new("/nonexistent/program").run().is_err());
        assert!(Command::new("sh").run().is_err());
    }
}
