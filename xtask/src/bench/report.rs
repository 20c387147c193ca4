//! The table for people and the document for programs.

use super::case::{Case, Way};
use super::numbers::{median, quantile};
use super::run::{Measured, Run, Sample};
use crate::simulated::PRESET;
use serde_json::{Value, json};
use std::fmt::Write;

/// Version of the JSON document.
const VERSION: u32 = 1;

/// One line of the table: medians in milliseconds.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    case: Case,
    wall: f64,
    cpu: f64,
    /// Over what the case is compared with, each time in the same round.
    over: Option<Over>,
}

#[derive(Clone, Debug, PartialEq)]
struct Over {
    wall: f64,
    cpu: f64,
    /// Quartiles of the CPU time over.
    quartiles: [f64; 2],
    /// Of the medians of CPU time.
    ratio: f64,
}

/// The table.
pub(crate) fn text(run: &Run) -> String {
    let rows = rows(run);
    let rounds = run.cases.first().map_or(0, |case| case.samples.len());
    let machine = &run.machine;
    let mut text = format!(
        "\n`create` on a simulated {PRESET}{}, driver {}; medians of {rounds} interleaved rounds\n\
         Linux {}, {} cores ({}), {}, cgroup {}, load {} to {}\n",
        if run.mig { " with 7 MIG devices on each GPU" } else { "" },
        machine.driver,
        machine.kernel,
        machine.cores,
        machine.processor,
        machine.runc,
        machine.cgroup,
        machine.load[0],
        machine.load[1],
    );
    table(&mut text, "containers", &rows, |way| !way.is_alone());
    table(&mut text, "the shim alone, without runc", &rows, Way::is_alone);
    comparison(&mut text, &rows);
    for (number, left_out) in run.left_out.iter().enumerate() {
        let space = if number == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{space}left out: {}: {}", left_out.id, left_out.why);
    }
    text
}

fn table(text: &mut String, title: &str, rows: &[Row], chosen: impl Fn(Way) -> bool) {
    let rows: Vec<&Row> = rows.iter().filter(|row| chosen(row.case.way)).collect();
    let width = rows.iter().map(|row| name(&row.case).chars().count()).max().unwrap_or(0);
    let _ = writeln!(
        text,
        "\n{title:width$}  {:>8}  {:>8}  {:>9}  {:>9}  {:>14}  {:>6}",
        "wall ms", "CPU ms", "over:wall", "over:CPU", "(quartiles)", "ratio"
    );
    for row in rows {
        let _ = write!(text, "{:width$}  {:>8.2}  {:>8.2}", name(&row.case), row.wall, row.cpu);
        let _ = match &row.over {
            None => writeln!(text),
            Some(Over { wall, cpu, quartiles: [low, high], ratio }) => {
                let quartiles = format!("({low:+.2} {high:+.2})");
                writeln!(text, "  {wall:>+9.2}  {cpu:>+9.2}  {quartiles:>14}  {ratio:>6.2}")
            }
        };
    }
}

/// The same case of two toolkits side by side.
fn comparison(text: &mut String, rows: &[Row]) {
    let Some(own) = rows.iter().find_map(|row| row.case.toolkit.clone()) else { return };
    let pairs: Vec<(&Row, &Row)> = rows
        .iter()
        .filter(|row| row.case.toolkit.as_ref() == Some(&own))
        .flat_map(|ours| {
            let same = |row: &&Row| same_case(&row.case, &ours.case) && row.case.toolkit != ours.case.toolkit;
            rows.iter().filter(same).map(move |theirs| (ours, theirs))
        })
        .collect();
    let Some((_, first)) = pairs.first() else { return };
    let theirs = first.case.toolkit.clone().unwrap_or_default();
    let width = pairs.iter().map(|(row, _)| short(&row.case).chars().count()).max().unwrap_or(0);
    let _ = writeln!(text, "\n{:width$}  {own:>12}  {theirs:>12}  {:>10}", "CPU ms over", "difference");
    for (ours, theirs) in pairs {
        let (Some(a), Some(b)) = (&ours.over, &theirs.over) else { continue };
        let _ = writeln!(
            text,
            "{:width$}  {:>+12.2}  {:>+12.2}  {:>+10.2}",
            short(&ours.case),
            a.cpu,
            b.cpu,
            b.cpu - a.cpu
        );
    }
}

/// A case without its toolkit.
fn short(case: &Case) -> String {
    let alone = if case.way.is_alone() { "shim alone: " } else { "" };
    format!("{alone}{}", case.label())
}

fn same_case(one: &Case, other: &Case) -> bool {
    (one.way, one.gpus) == (other.way, other.gpus)
}

fn name(case: &Case) -> String {
    match &case.toolkit {
        None => case.label(),
        Some(toolkit) => format!("{toolkit}: {}", case.label()),
    }
}

/// The document.
pub(crate) fn json(run: &Run) -> Value {
    let cases: Vec<Value> = rows(run).iter().zip(&run.cases).map(|(row, case)| of_case(row, case)).collect();
    json!({
        "version": VERSION,
        "host": PRESET,
        "machine": run.machine,
        "seed": run.seed,
        "cases": cases,
        "left_out": run.left_out,
    })
}

fn of_case(row: &Row, measured: &Measured) -> Value {
    let over = row.over.as_ref().map(|over| {
        json!({
            "wall_ms": over.wall,
            "cpu_ms": over.cpu,
            "cpu_ms_quartiles": over.quartiles,
            "cpu_ratio": over.ratio,
        })
    });
    json!({
        "id": row.case.id(),
        "label": row.case.label(),
        "toolkit": row.case.toolkit,
        "way": row.case.way,
        "gpus": row.case.gpus,
        "wall_ms": row.wall,
        "cpu_ms": row.cpu,
        "over": over,
        "samples": measured.samples,
    })
}

fn rows(run: &Run) -> Vec<Row> {
    run.cases.iter().map(|measured| row(measured, &run.cases)).collect()
}

fn row(measured: &Measured, all: &[Measured]) -> Row {
    let case = measured.case.clone();
    let base = all.iter().find(|base| base.case.way == case.way.base() && base.case.toolkit.is_none());
    let base = base.filter(|base| base.case != case);
    let cpu = median(&column(&measured.samples, cpu));
    let over = base.map(|base| {
        let cpus = differences(measured, base, self::cpu);
        Over {
            wall: median(&differences(measured, base, wall)),
            cpu: median(&cpus),
            quartiles: [quantile(&cpus, 0.25), quantile(&cpus, 0.75)],
            ratio: cpu / median(&column(&base.samples, self::cpu)),
        }
    });
    Row { wall: median(&column(&measured.samples, wall)), cpu, over, case }
}

fn column(samples: &[Sample], value: fn(&Sample) -> f64) -> Vec<f64> {
    samples.iter().map(value).collect()
}

/// Round by round: what slows a whole round down falls out.
fn differences(measured: &Measured, base: &Measured, value: fn(&Sample) -> f64) -> Vec<f64> {
    measured.samples.iter().zip(&base.samples).map(|(one, base)| value(one) - value(base)).collect()
}

fn wall(sample: &Sample) -> f64 {
    sample.wall_ns as f64 / 1e6
}

fn cpu(sample: &Sample) -> f64 {
    sample.cpu_ns as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::super::run::{LeftOut, Machine};
    use super::*;

    fn run() -> Run {
        let case = |toolkit: Option<&str>, way, gpus, cpu: [u64; 3]| Measured {
            case: Case { toolkit: toolkit.map(str::to_owned), way, gpus },
            samples: cpu.map(|ms| Sample { wall_ns: ms * 2_000_000, cpu_ns: ms * 1_000_000 }).to_vec(),
        };
        Run {
            mig: false,
            machine: Machine {
                kernel: "6.1".into(),
                cores: 2,
                processor: "a processor".into(),
                runc: "runc version 1.1.5".into(),
                cgroup: "v1".into(),
                driver: "580.95.05".into(),
                load: ["0.10".into(), "0.90".into()],
            },
            seed: 1,
            // The second round was slow for all.
            cases: vec![
                case(None, Way::Runc, 0, [20, 40, 21]),
                case(Some("longshore"), Way::Shim, 1, [30, 50, 32]),
                case(Some("other"), Way::Shim, 1, [100, 140, 101]),
            ],
            left_out: vec![LeftOut { id: "other/prestart-1".into(), why: "it ended with 1".into() }],
        }
    }

    #[test]
    fn a_case_is_compared_with_its_base_in_the_same_round() {
        let rows = rows(&run());
        assert_eq!(rows[0].over, None);
        assert_eq!((rows[1].wall, rows[1].cpu), (64.0, 32.0));
        let over = rows[1].over.clone().unwrap();
        assert_eq!((over.cpu, over.wall, over.quartiles), (10.0, 20.0, [10.0, 10.5]));
        assert!((over.ratio - 32.0 / 21.0).abs() < 1e-9);
    }

    #[test]
    fn text_and_json_hold_everything() {
        let text = text(&run());
        for part in
            ["longshore: 1 GPU, default mode", "+10.00", "2 cores", "runc 1", "other/prestart-1", "+80.00"]
        {
            assert!(text.replace("runc version", "runc").contains(part), "{part} in {text}");
        }
        let json = json(&run());
        assert_eq!(json["version"], 1);
        assert_eq!(json["cases"][1]["id"], "longshore/shim-1");
        assert_eq!(json["cases"][1]["over"]["cpu_ms"], 10.0);
        assert_eq!(json["cases"][1]["samples"].as_array().map(Vec::len), Some(3));
    }
}
