//! Carrying a route out: stage by stage, each looked at anew before it begins, with a record from which
//! an interrupted set-up goes on or back.

mod programs;
mod record;
pub(crate) mod trouble;
mod undo;
mod units;

pub use record::{Changed, Done, Progress, Record, UnitState, records};
pub use undo::{UndoOptions, undo};

use crate::packages;
use crate::sources::{self, Trouble};
use crate::{Item, Kind, Manager, Route, Stage, Survey, VerifyOptions, Wishes, codes, route, survey, verify};
use diag::{Failure, Finding, Result};
use engines::docker;
use engines::restart::Running;
use host::{Cache, Host, HostMut};
use plan::{Applicability, Plan, Step};
use programs::Programs;
use std::time::{Duration, Instant};

/// Who is told what happens, and asked.
pub trait Teller {
    /// An earlier set-up was interrupted, and goes on.
    fn resumes(&mut self, record: &Record);
    /// A stage that is next, before anything of it happens.
    fn stage(&mut self, stage: &Stage);
    /// Whether it is to be carried out.
    fn consents(&mut self, stage: &Stage) -> Answer;
    /// A program that runs now.
    fn command(&mut self, argv: &[String]);
    /// A file that is written or removed now.
    fn file(&mut self, path: &str, removed: bool);
    /// What the program at work said last.
    fn progress(&mut self, line: &str);
    /// The stage came to its end.
    fn ended(&mut self, time: Duration);
    /// Something worth knowing.
    fn note(&mut self, text: &str);
    /// Something noticed in the configuration.
    fn finding(&mut self, finding: &Finding);
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Carry it out.
    Yes,
    /// Leave it out and go on.
    No,
    /// Stop here.
    Stop,
}

/// How a set-up is carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Means {
    /// The proxy that programs use; empty: that of the caller's environment.
    pub proxy: String,
    /// The image for the verification.
    pub verify: VerifyOptions,
}

/// How it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The record's number, by which it is taken back; `None` when nothing was changed.
    pub number: Option<u64>,
    /// The check list; empty when the set-up was stopped before.
    pub items: Vec<Item>,
}

/// Carries out what the machine still needs.
///
/// # Errors
/// A step failed: what was done is in the record, and the next call goes on from there. Or another set-up
/// is at work, or the last one was on its way back.
pub fn carry_out(host: &HostMut, wishes: &Wishes, means: &Means, teller: &mut dyn Teller) -> Result<Outcome> {
    let _lock = hold(host)?;
    let record = open(host, teller)?;
    let programs = Programs::new(host.environment(), &means.proxy);
    let mut work = Work { host, programs, record, fresh: true };
    let mut tried = Vec::new();
    let mut findings_told = false;
    loop {
        let (mut survey, findings) = survey(host)?;
        survey.unfinished = work.record.unfinished();
        if !std::mem::replace(&mut findings_told, true) {
            findings.iter().for_each(|finding| teller.finding(finding));
        }
        let Route { survey, stages } = route(survey, wishes)?;
        let Some(stage) = stages.into_iter().find(|stage| !tried.contains(&stage.kind)) else { break };
        tried.push(stage.kind);
        match work.next(&survey, &stage, wishes, teller)? {
            Answer::No if stage.kind == Kind::Conflicting => return Err(in_the_way(&stage)),
            Answer::Yes | Answer::No => {}
            Answer::Stop => return Ok(Outcome { number: work.number(), items: Vec::new() }),
        }
    }
    let started = Instant::now();
    let items = verify(host, &means.verify);
    teller.ended(started.elapsed());
    work.finish()?;
    Ok(Outcome { number: work.number(), items })
}

/// Going on without that consent would have the package manager refuse, or remove them all the same.
fn in_the_way(stage: &Stage) -> Failure {
    let message = "Docker Engine cannot be installed beside packages that are in the way";
    Failure::coded(codes::IN_THE_WAY, message).hint(format!(
        "--remove-conflicting removes them ({}); without --docker-repository the distribution's Docker Engine is used where it is \
         installed",
        stage.effect.split('.').next().unwrap_or_default()
    ))
}

/// One set-up at a time.
fn hold(host: &HostMut) -> Result<host::Lock> {
    let lock = Cache::open(host, "/run/longshore")?.lock("setup.lock", Duration::from_secs(2))?;
    lock.ok_or_else(|| {
        Failure::coded(codes::BUSY, "another `longshore setup` is at work on this machine")
            .hint("wait until it is done")
    })
}

/// The record of the set-up that was interrupted, or a new one.
fn open(host: &HostMut, teller: &mut dyn Teller) -> Result<Record> {
    let mut record = match records(host)?.pop() {
        Some(last) if last.progress == Progress::Undoing => {
            let message = format!("set-up {} is half taken back", last.number);
            return Err(Failure::coded(codes::NO_RECORD, message)
                .hint("`longshore undo setup` takes back the rest; then set up anew"));
        }
        Some(last) if last.progress == Progress::Begun => {
            teller.resumes(&last);
            last
        }
        _ => return Record::new(host),
    };
    close_stage(host, &mut record);
    record.store(host)?;
    Ok(record)
}

/// After an interruption: what the stage at work did to the packages.
fn close_stage(host: &Host, record: &mut Record) {
    let manager = record.manager;
    let Some(stage) = record.current() else { return };
    if let (Some(before), Some(manager)) = (stage.before.take(), manager) {
        let now = packages::versions(host, manager).unwrap_or_else(|| before.clone());
        stage.packages = record::difference(&before, &now);
    }
}

/// A set-up at work.
struct Work<'host> {
    host: &'host HostMut,
    programs: Programs,
    record: Record,
    /// Whether nothing was written down yet.
    fresh: bool,
}

impl Work<'_> {
    /// Tells of a stage, asks, and carries it out.
    fn next(
        &mut self,
        survey: &Survey,
        stage: &Stage,
        wishes: &Wishes,
        teller: &mut dyn Teller,
    ) -> Result<Answer> {
        teller.stage(stage);
        self.preview(survey, stage, teller);
        let answer = consent(stage, teller);
        if answer == Answer::Yes && stage.kind == Kind::Index {
            self.lists(survey, teller)?;
        } else if answer == Answer::Yes && stage.kind != Kind::Verify {
            self.guard(stage.kind, wishes)?;
            self.perform(survey, stage, teller)?;
        }
        Ok(answer)
    }

    /// apt says beforehand which packages come and go with a stage.
    fn preview(&self, survey: &Survey, stage: &Stage, teller: &mut dyn Teller) {
        if survey.distribution.manager != Some(Manager::Apt) {
            return;
        }
        for step in &stage.plan.steps {
            let Step::Run { argv, .. } = step else { continue };
            let Some(argv) = packages::simulated(argv) else { continue };
            let Some(said) = self.programs.said(&argv) else { continue };
            for (what, names) in packages::foreseen(&said) {
                teller.note(&format!("   Packages that {what}: {}", names.join(" ")));
            }
        }
    }

    /// apt reads its lists: what it says of them is repaired like what can be seen in them.
    fn lists(&mut self, survey: &Survey, teller: &mut dyn Teller) -> Result<()> {
        let Some(argv) = packages::refresh(Manager::Apt) else { return Ok(()) };
        let mut tried = Vec::new();
        // An entry that it does not understand hides what it would say of the others.
        for _round in 0..4 {
            teller.command(&argv);
            let output = self.programs.patient(&argv, teller)?;
            let said = trouble::said(&output);
            let Some(stage) = self.repair_of(&said, &mut tried, teller) else {
                if !output.success() || trouble::is_unreached(&said) {
                    teller.note(&format!(
                        "{}; it goes on with the lists that are here",
                        trouble::line(&argv, &output)
                    ));
                }
                return Ok(());
            };
            teller.stage(&stage);
            if consent(&stage, teller) != Answer::Yes {
                return Ok(());
            }
            self.perform(survey, &stage, teller)?;
        }
        Ok(())
    }

    /// Keys are renewed where their owner has a new one; what cannot be repaired is set aside.
    fn repair_of(&self, said: &str, tried: &mut Vec<String>, teller: &mut dyn Teller) -> Option<Stage> {
        let told = sources::told(self.host, said);
        let keys: Vec<&Trouble> = told.iter().filter(|trouble| trouble.key.is_some()).collect();
        for trouble in keys {
            let Some(key) = trouble.key.as_ref().filter(|key| !tried.contains(&key.path)) else { continue };
            tried.push(key.path.clone());
            match self.programs.renewed(self.host, key, teller) {
                Ok(step) => return Some(route::key(key, &trouble.why, step)),
                Err(failure) => teller.note(&format!("{} cannot be renewed: {}", key.path, failure.chain())),
            }
        }
        (!told.is_empty()).then(|| route::lists(&told))
    }

    /// What would stop somebody's containers is not done unasked.
    fn guard(&self, kind: Kind, wishes: &Wishes) -> Result<()> {
        if !matches!(kind, Kind::Conflicting | Kind::Configuration) {
            return Ok(());
        }
        let found = docker::detect(self.host);
        let Some(system) = survey::system(&found) else { return Ok(()) };
        let running = Running::now(self.host, &docker::ENGINE, system);
        if kind == Kind::Configuration {
            return if wishes.stop_containers { Ok(()) } else { running.may_be_restarted(self.host, system) };
        }
        let names = running.lost(&Running::default());
        if names.is_empty() {
            return Ok(());
        }
        let message = format!("containers run, and would end with the engine: {}", names.join(", "));
        Err(Failure::coded(codes::CONTAINERS_RUN, message)
            .hint("stop them, then run `longshore setup` again"))
    }

    fn perform(&mut self, survey: &Survey, stage: &Stage, teller: &mut dyn Teller) -> Result<()> {
        let started = Instant::now();
        self.begin(survey, stage)?;
        for part in parts(&stage.plan.steps) {
            match part {
                Part::Program(argv, undo) => self.program(survey, argv, undo, teller)?,
                Part::Files(steps) => self.files(stage, steps, teller)?,
            }
        }
        close_stage(self.host, &mut self.record);
        if let Some(done) = self.record.current() {
            done.ended = true;
        }
        self.record.store(self.host)?;
        teller.ended(started.elapsed());
        Ok(())
    }

    /// Writes down what there is, before anything of the stage happens.
    fn begin(&mut self, survey: &Survey, stage: &Stage) -> Result<()> {
        let manager = survey.distribution.manager;
        if self.record.stages.is_empty() {
            self.record.manager = manager;
            self.record.units = units::states(self.host);
            self.record.group = has_group(self.host);
            self.record.absent = undo::absent(self.host);
            self.record.automatic = packages::automatic(self.host).into_iter().collect();
        }
        self.record.stages.push(Done {
            kind: stage.kind,
            title: stage.plan.title.clone(),
            ended: false,
            journal: last_entry(self.host)?,
            before: manager.and_then(|manager| packages::versions(self.host, manager)),
            packages: Vec::new(),
            undo: Vec::new(),
        });
        self.fresh = false;
        self.record.store(self.host)
    }

    fn program(
        &mut self,
        survey: &Survey,
        argv: &[String],
        undo: Option<&Vec<String>>,
        teller: &mut dyn Teller,
    ) -> Result<()> {
        teller.command(argv);
        if let Some(manager) = survey.distribution.manager.filter(|_| packages::is_manager(argv)) {
            return self.programs.manage(self.host, manager, argv, teller).map(drop);
        }
        // Before it runs: who is killed in its midst takes it back, too.
        if let (Some(undo), Some(done)) = (undo, self.record.current()) {
            done.undo.insert(0, undo.clone());
        }
        self.record.store(self.host)?;
        self.programs.run(argv, teller).map(drop)
    }

    fn files(&mut self, stage: &Stage, steps: &[Step], teller: &mut dyn Teller) -> Result<()> {
        for step in steps {
            match step {
                Step::Write { path, .. } | Step::Symlink { path, .. } => teller.file(path, false),
                Step::Remove { path, .. } => teller.file(path, true),
                Step::Run { argv, .. } | Step::Settle { argv, .. } => teller.command(argv),
            }
        }
        let plan = Plan {
            title: stage.plan.title.clone(),
            applicability: Applicability::Unsafe,
            steps: steps.to_vec(),
        };
        self.programs.forgive(steps, teller);
        self.host.apply(&plan).map(drop)
    }

    fn finish(&mut self) -> Result<()> {
        if self.fresh && self.record.stages.is_empty() {
            return Ok(());
        }
        self.record.progress = Progress::Done;
        self.record.store(self.host)
    }

    fn number(&self) -> Option<u64> {
        (!self.record.stages.is_empty()).then_some(self.record.number)
    }
}

fn consent(stage: &Stage, teller: &mut dyn Teller) -> Answer {
    match (stage.plan.applicability, stage.kind) {
        (Applicability::ShownOnly, _) => Answer::No,
        (_, Kind::Verify) => Answer::Yes,
        _ => teller.consents(stage),
    }
}

/// Steps that are done in one go.
enum Part<'steps> {
    Program(&'steps [String], Option<&'steps Vec<String>>),
    Files(&'steps [Step]),
}

fn parts(steps: &[Step]) -> Vec<Part<'_>> {
    let alike =
        |one: &Step, other: &Step| !matches!(one, Step::Run { .. }) && !matches!(other, Step::Run { .. });
    steps
        .chunk_by(alike)
        .map(|chunk| match chunk {
            [Step::Run { argv, undo }] => Part::Program(argv, undo.as_ref()),
            files => Part::Files(files),
        })
        .collect()
}

fn has_group(host: &Host) -> bool {
    let text = host.read_text_optional("/etc/group").ok().flatten().unwrap_or_default();
    text.lines().any(|line| line.starts_with("docker:"))
}

/// The number of the newest journal entry.
fn last_entry(host: &HostMut) -> Result<u64> {
    let entries = host.journal_entries()?;
    Ok(entries.iter().filter_map(|entry| entry.id.parse().ok()).max().unwrap_or(0))
}

/// Programs that no plan shows: those of repairs and of the way back.
#[cfg(test)]
pub(crate) fn programs_of_its_own() -> Vec<&'static str> {
    let mut all = programs::of_repairs();
    all.extend(["/usr/bin/dpkg", "/usr/bin/apt-mark", "/usr/bin/rpm", "/bin/rm", "/usr/sbin/groupdel"]);
    all
}

#[cfg(test)]
mod tests;
