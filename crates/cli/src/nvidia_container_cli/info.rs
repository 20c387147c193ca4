//! `info`: the driver and its GPUs.

use super::log::Log;
use super::machine::{self, UNKNOWN};
use super::options::Invocation;
use crate::session::Session;
use diag::Result;
use driver::Driver;
use std::fmt::Write;

/// The names of a GPU's properties, in the order of both forms.
const PROPERTIES: [&str; 7] =
    ["Device Index", "Device Minor", "Model", "Brand", "GPU UUID", "Bus Location", "Architecture"];

/// By the beginning of the model's name. Brands that NVML got later (RTX) have no name here, as in the
/// original.
const BRANDS: [(&str, &str); 7] = [
    ("Quadro RTX", "Unknown"),
    ("Quadro", "Quadro"),
    ("Tesla", "Tesla"),
    ("NVS", "NVS"),
    ("GRID", "GRID"),
    ("GeForce", "GeForce"),
    ("TITAN", "TITAN"),
];

pub(super) fn info(session: &mut Session, invocation: &Invocation, log: &Log) -> Result<String> {
    let places = machine::places(session, invocation, log)?;
    let driver = machine::driver_with_nvml(session, &places, log)?;
    Ok(if invocation.line.has("csv") { csv(&driver) } else { plain(&driver) })
}

fn plain(driver: &Driver) -> String {
    let (version, cuda) = versions(driver);
    let mut text = row("NVRM version", &version) + &row("CUDA version", &cuda);
    for index in 0..driver.gpus.len() {
        text.push('\n');
        let values = properties(driver, index);
        PROPERTIES.iter().zip(&values).for_each(|(name, value)| text.push_str(&row(name, value)));
    }
    text
}

fn row(name: &str, value: &str) -> String {
    format!("{:<15} {value}\n", format!("{name}:"))
}

fn csv(driver: &Driver) -> String {
    let (version, cuda) = versions(driver);
    let mut text = format!("NVRM version,CUDA version\n{version},{cuda}\n\n{}\n", PROPERTIES.join(","));
    for index in 0..driver.gpus.len() {
        let _ = writeln!(text, "{}", properties(driver, index).join(","));
    }
    text
}

fn versions(driver: &Driver) -> (String, String) {
    let facts = machine::facts(driver, None);
    let known = |text: Option<String>| text.unwrap_or_else(|| UNKNOWN.to_owned());
    (known(facts.driver), known(facts.cuda.map(dotted)))
}

/// In the order of [`PROPERTIES`].
fn properties(driver: &Driver, index: usize) -> Vec<String> {
    let Some(gpu) = driver.gpus.get(index) else { return Vec::new() };
    let model = gpu.name.clone().unwrap_or_else(|| UNKNOWN.to_owned());
    let facts = machine::facts(driver, Some(index));
    let arch = facts.gpus.first().and_then(|gpu| gpu.arch).map_or_else(|| UNKNOWN.to_owned(), dotted);
    vec![
        index.to_string(),
        gpu.minor.to_string(),
        model.clone(),
        brand(&model).to_owned(),
        gpu.uuid.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
        machine::bus_location(&gpu.bus_id),
        arch,
    ]
}

fn brand(model: &str) -> &'static str {
    let model = model.strip_prefix("NVIDIA ").unwrap_or(model);
    BRANDS.iter().find(|(start, _)| model.starts_with(start)).map_or("Unknown", |(_, brand)| brand)
}

fn dotted((major, minor): (u32, u32)) -> String {
    format!("{major}.{minor}")
}

#[cfg(test)]
mod tests {
    use super::brand;

    #[test]
    fn brands_are_those_of_the_original() {
        for (model, expected) in [
            ("NVIDIA H100 80GB HBM3", "Unknown"),
            ("NVIDIA GeForce RTX 4090", "GeForce"),
            ("GeForce GTX 1080", "GeForce"),
            ("Tesla V100-SXM2-16GB", "Tesla"),
            ("Quadro P4000", "Quadro"),
            ("Quadro RTX 6000", "Unknown"),
            ("NVIDIA TITAN RTX", "TITAN"),
            ("GRID A100-4C", "GRID"),
            ("NVIDIA RTX A6000", "Unknown"),
        ] {
            assert_eq!(brand(model), expected, "{model}");
        }
    }
}
