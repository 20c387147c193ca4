//! `cargo xtask images`: the table of images and engines, each container started for real.

use crate::engines::Suite;
use crate::inside::{Check, VOLUMES};
use crate::project::Project;
use crate::test::images_on;
use diag::Result;
use lexopt::{Arg, Parser, ValueExt};
use std::process::ExitCode;

/// The command.
pub(crate) fn run(project: &Project, parser: &mut Parser) -> Result<ExitCode> {
    let (mut suites, mut starts) = (vec![Suite::Trixie], 5);
    while let Some(argument) = parser.next().map_err(crate::usage)? {
        match argument {
            Arg::Long("all") => suites = Suite::ALL.to_vec(),
            Arg::Long("starts") => {
                starts = parser.value().and_then(|number| number.parse()).map_err(crate::usage)?;
            }
            other => return Err(crate::usage(other.unexpected())),
        }
    }
    let mut failed = false;
    for suite in suites {
        let checks = images_on(project, suite, starts, true)?;
        let (volumes, images): (Vec<Check>, Vec<Check>) =
            checks.iter().cloned().partition(|check| check.engine == VOLUMES);
        println!("\nDebian {}\n{}\n{}", suite.name(), table(&images), table(&volumes));
        for check in checks.iter().filter(|check| check.failure.is_some()) {
            println!("{}, {}: {}", check.case, check.engine, check.failure.as_deref().unwrap_or_default());
            failed = true;
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A line for each image, a column for each engine.
fn table(checks: &[Check]) -> String {
    let engines = distinct(checks.iter().map(|check| check.engine.as_str()));
    let images = distinct(checks.iter().map(|check| check.case.as_str()));
    let width = images.iter().map(|image| image.chars().count()).max().unwrap_or(0);
    let cell = |image: &str, engine: &str| {
        let found = checks.iter().find(|check| check.case == image && check.engine == engine);
        match found.map(|check| check.failure.is_none()) {
            Some(true) => "ok",
            Some(false) => "FAILED",
            None => "-",
        }
    };
    let padded = |text: &str, engine: &str| format!("  {text:w$}", w = engine.chars().count().max(6));
    let row =
        |name: &str, cells: Vec<String>| format!("{name:width$}{}", cells.concat()).trim_end().to_string();
    let mut lines = vec![row("", engines.iter().map(|engine| padded(engine, engine)).collect())];
    lines.extend(
        images.iter().map(|image| {
            row(image, engines.iter().map(|engine| padded(cell(image, engine), engine)).collect())
        }),
    );
    lines.join("\n") + "\n"
}

/// Each text once, in order of first appearance.
fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    texts.for_each(|text| {
        if !found.contains(&text) {
            found.push(text);
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use diag::Failure;

    #[test]
    fn every_image_is_a_line_and_every_engine_a_column() {
        let check = |engine: &str, image: &str, end| Check::new(engine, image, 0.1, end);
        let checks = [
            check("runc", "busybox", Ok(())),
            check("docker --gpus", "busybox", Err(Failure::new("no"))),
            check("runc", "musl", Ok(())),
        ];
        let wanted = "         runc    docker --gpus\nbusybox  ok      FAILED\nmusl     ok      -\n";
        assert_eq!(table(&checks), wanted);
    }
}
