//! What a whole `docker run` takes with eight GPUs, next to one without any: wall time, as a person sees it.

use super::numbers::{Random, median};
use crate::engines::GLIBC;
use crate::exec::{capture, command};
use crate::inside::{Docker, Job, install};
use diag::{Failure, Result};
use std::time::{Instant, SystemTime};

/// A way to ask, and its words.
const WAYS: [(&str, &[&str]); 3] = [
    ("docker run", &[]),
    ("docker run --gpus all", &["--gpus", "all", "-e", "NVIDIA_DRIVER_CAPABILITIES=all"]),
    ("docker run --runtime=nvidia", &["--runtime=nvidia", "-e", "NVIDIA_VISIBLE_DEVICES=all"]),
];

/// Measures the ways in turn, in another order in each round, and prints their medians.
pub(crate) fn run(job: &Job, rounds: usize) -> Result<()> {
    install(job)?;
    capture(&mut command(["nvidia-ctk", "runtime", "configure", "--runtime=docker"]))?;
    let mut docker = Docker::start(job.suite()?)?;
    docker.load(&job.images.join("glibc.tar"))?;
    let mut samples = WAYS.map(|_| Vec::new());
    // The first of each is not counted: it fills every cache.
    for (_, words) in WAYS {
        measure(words)?;
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let mut random = Random::new(now.map_or(1, |now| u64::try_from(now.as_nanos()).unwrap_or(1)));
    let mut order = [0, 1, 2];
    for _ in 0..rounds {
        random.shuffle(&mut order);
        for place in order {
            samples[place].push(measure(WAYS[place].1)?);
        }
    }
    let version = docker.version()?;
    docker.stop()?;
    print!("{}", table(&version, rounds, &samples));
    Ok(())
}

/// Wall time in milliseconds.
fn measure(words: &[&str]) -> Result<f64> {
    let mut all = vec!["run", "--rm", "--network", "none"];
    all.extend(words);
    all.extend([GLIBC, "true"]);
    let started = Instant::now();
    let ended = Docker::words(&all)?;
    let wall = started.elapsed().as_secs_f64() * 1000.0;
    if ended.status.success() {
        return Ok(wall);
    }
    Err(Failure::new(String::from_utf8_lossy(&ended.stderr).into_owned()))
}

fn table(version: &str, rounds: usize, samples: &[Vec<f64>]) -> String {
    let medians: Vec<f64> = samples.iter().map(|samples| median(samples)).collect();
    let plain = medians.first().copied().unwrap_or(1.0);
    let mut text = format!("\nDocker {version}, 8 GPUs; medians of {rounds} interleaved rounds\n");
    text += &format!("{:28}  {:>8}  {:>6}\n", "", "wall ms", "ratio");
    for ((name, _), wall) in WAYS.iter().zip(medians) {
        text += &format!("{name:28}  {wall:>8.1}  {:>6.2}\n", wall / plain);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_to_the_plain_run() {
        let text = table("28.0", 2, &[vec![100.0, 100.0], vec![110.0, 112.0], vec![105.0, 105.0]]);
        assert!(text.contains("docker run --gpus all            111.0    1.11\n"), "{text}");
        assert!(text.contains("docker run                       100.0    1.00\n"), "{text}");
    }
}
