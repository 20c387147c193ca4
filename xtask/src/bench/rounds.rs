//! The half inside the simulated host: makes the cases ready, and measures them round by round.

use super::case::{self, Case, Way};
use super::config;
use super::meter::Meter;
use super::numbers::Random;
use super::place::{CONTAINER, Place};
use super::run::{LeftOut, Machine, Measured, Plan, Run, Sample};
use super::toolkit::{Call, Inventory, Toolkit, plain_call, program_call};
use crate::exec::{capture, command, output, tail};
use crate::inside::{Job, install};
use crate::progress::step;
use diag::{Failure, Result, ResultExt};
use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

/// The toolkit that is this project.
const OWN: &str = "longshore";

/// A container's first process goes on for a moment after `create` has returned, until it waits for
/// `start`. Measured: 1 ms is enough.
const SETTLE: Duration = Duration::from_millis(5);

/// A case that is ready to be measured.
struct Ready {
    case: Case,
    call: Call,
    samples: Vec<Sample>,
}

/// Everything that the measurements share.
struct Bench {
    place: Place,
    meter: Meter,
    inventory: Inventory,
}

/// Carries out the plan and writes the run where the job says.
pub(crate) fn run(job: &Job, plan: &Plan) -> Result<()> {
    install(job)?;
    let mut bench = Bench {
        place: Place::make(job, &plan.runc)?,
        meter: Meter::start(&plan.group, job.cgroup)?,
        inventory: Inventory::default(),
    };
    let toolkits = bench.toolkits(plan)?;
    let mut left_out = Vec::new();
    let mut ready = step("trying each case once", || bench.ready(plan, &toolkits, &mut left_out))?;
    let seed =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |now| now.as_nanos() as u64);
    let before = load();
    step(format!("{} rounds of {} cases", plan.rounds, ready.len()), || {
        let mut random = Random::new(seed);
        (0..plan.rounds).try_for_each(|_| bench.round(&mut ready, &mut random))
    })?;
    let machine = machine(plan, &bench.meter, [before, load()])?;
    let order = case::all(&names(&toolkits), plan.pieces);
    ready.sort_by_key(|ready| order.iter().position(|case| *case == ready.case));
    let cases = ready.into_iter().map(|Ready { case, samples, .. }| Measured { case, samples }).collect();
    let text = serde_json::to_string(&Run { machine, mig: plan.mig, seed, cases, left_out })
        .context("cannot write JSON")?;
    fs::write(&job.results, text).with_context(|| format!("cannot write {}", job.results.display()))
}

fn names(toolkits: &[Toolkit]) -> Vec<&str> {
    toolkits.iter().map(|toolkit| toolkit.name.as_str()).collect()
}

impl Bench {
    fn toolkits(&mut self, plan: &Plan) -> Result<Vec<Toolkit>> {
        let mut toolkits = vec![Toolkit::new(&self.place, OWN, Path::new("/usr/bin"))?];
        if let Some(folder) = &plan.against {
            let name = other_name(folder);
            toolkits.push(Toolkit::new(&self.place, &name, folder)?);
        }
        Ok(toolkits)
    }

    /// Makes the wanted cases ready and runs each once, which also warms every cache. One of ours that
    /// fails is a failure; one of another toolkit is left out.
    fn ready(
        &mut self,
        plan: &Plan,
        toolkits: &[Toolkit],
        left_out: &mut Vec<LeftOut>,
    ) -> Result<Vec<Ready>> {
        let plain = config::plain(&self.place, &self.meter)?;
        let mut ready = Vec::new();
        let cases = case::all(&names(toolkits), plan.pieces);
        for case in cases.into_iter().filter(|case| case.is_wanted(&plan.only)) {
            match self.try_once(&case, toolkits, &plain) {
                Ok(call) => ready.push(Ready { case, call, samples: Vec::new() }),
                Err(failure) if case.toolkit.as_deref().is_none_or(|name| name == OWN) => {
                    return Err(failure.context(format!("the case {} fails", case.id())));
                }
                Err(failure) => {
                    let why = failure.line().replace('\n', " ");
                    left_out.push(LeftOut { id: case.id(), why });
                }
            }
        }
        Ok(ready)
    }

    fn try_once(&mut self, case: &Case, toolkits: &[Toolkit], plain: &Value) -> Result<Call> {
        let toolkit = toolkits.iter().find(|toolkit| case.toolkit.as_ref() == Some(&toolkit.name));
        let call = match toolkit {
            Some(toolkit) => toolkit.call(&self.place, case, plain)?,
            None if case.way == Way::Program => program_call(&self.place, plain),
            None => plain_call(&self.place, plain),
        };
        self.measure(case, &call)?;
        Ok(call)
    }

    fn round(&mut self, ready: &mut [Ready], random: &mut Random) -> Result<()> {
        random.shuffle(ready);
        for one in ready {
            let sample = self.measure(&one.case, &one.call);
            one.samples.push(sample.with_context(|| format!("the case {} fails", one.case.id()))?);
        }
        Ok(())
    }

    /// Measures one call; what is around it is not counted.
    fn measure(&mut self, case: &Case, call: &Call) -> Result<Sample> {
        if let Some(toolkit) = &case.toolkit {
            self.inventory.belongs_to(toolkit)?;
        }
        if case.way == Way::AloneFirst {
            self.inventory.forget()?;
        }
        self.place.configure(&call.config)?;
        if case.way.is_alone() {
            return self.count(case.way, call);
        }
        self.place.mount(case.way.is_large())?;
        let sample = self.count(case.way, call).and_then(|sample| {
            self.judge(case)?;
            Ok(sample)
        });
        // Also a container that was made although the call failed.
        let mut delete = command([self.place.runc_folder().join("runc")]);
        delete.arg("--root").arg(self.place.state()).args(["delete", "--force", CONTAINER]);
        output(&mut delete)?;
        self.place.unmount()?;
        sample
    }

    fn count(&self, way: Way, call: &Call) -> Result<Sample> {
        let errors = self.place.file("stderr");
        let mut command = call.command(&self.place, way);
        // A created container keeps its streams: a pipe would never end.
        command.stdout(File::create("/dev/null").context("cannot open /dev/null")?);
        command.stderr(File::create(&errors).context("cannot make a file for errors")?);
        let before = self.meter.read()?;
        let started = Instant::now();
        let status = command.status().context("cannot start the program of a case")?;
        let wall = started.elapsed();
        sleep(SETTLE);
        let cpu_ns = self.meter.read()?.saturating_sub(before);
        if status.success() {
            return Ok(Sample { wall_ns: u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX), cpu_ns });
        }
        let said = fs::read_to_string(&errors).unwrap_or_default();
        Err(Failure::new(format!("it ended with {status}: {}", tail(&said, 5))))
    }

    /// Whether the container has the GPUs and the loader knows the driver: only what works is measured.
    fn judge(&self, case: &Case) -> Result<()> {
        let pid = fs::read_to_string(self.place.file("pid")).context("there is no process id")?;
        let root = Path::new("/proc").join(pid.trim()).join("root");
        let nodes = fs::read_dir(root.join("dev")).context("cannot list the container's devices")?;
        let names = nodes.flatten().map(|node| node.file_name().to_string_lossy().into_owned());
        let number = |name: String| name.strip_prefix("nvidia")?.parse::<usize>().ok();
        let found = names.filter_map(number).count();
        let cache = fs::read(root.join("etc/ld.so.cache")).context("cannot read the loader's cache")?;
        let knows = cache.windows(LIBRARY.len()).any(|part| part == LIBRARY);
        if found == case.gpus && knows == case.has_hook() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "the container has {found} GPUs instead of {}, libcuda known: {knows}",
            case.gpus
        )))
    }
}

/// What another toolkit is called: as its folder, or the one around it when that says nothing.
fn other_name(folder: &Path) -> String {
    let names =
        folder.ancestors().filter_map(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let name = names.into_iter().find(|name| name != "bin").unwrap_or_else(|| "other".to_owned());
    if name == OWN { format!("{name}-other") } else { name }
}

const LIBRARY: &[u8] = b"libcuda.so.1";

fn machine(plan: &Plan, meter: &Meter, load: [String; 2]) -> Result<Machine> {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = text("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let version = capture(command([&plan.runc]).arg("--version"))?;
    let driver = text("/proc/driver/nvidia/version");
    let is_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    Ok(Machine {
        kernel: text("/proc/sys/kernel/osrelease").trim().to_owned(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        processor: model.map_or_else(String::new, |(_, name)| name.to_owned()),
        runc: version.lines().next().unwrap_or_default().to_owned(),
        cgroup: meter.layout().to_owned(),
        driver: driver.split_whitespace().find(is_number).unwrap_or_default().to_owned(),
        load,
    })
}

/// The load average of the last minute.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_toolkit_is_called_as_its_folder() {
        for (folder, name) in [
            ("/opt/nvidia", "nvidia"),
            ("/opt/old/bin", "old"),
            ("/src/longshore", "longshore-other"),
            ("/bin", "other"),
        ] {
            assert_eq!(other_name(Path::new(folder)), name, "{folder}");
        }
    }
}
