//! The list of GPUs for people.

use super::report::{MigRow, Report, Row};
use std::fmt::Write;

const HEADER: [&str; 8] = ["GPU", "NAME", "MEMORY", "UUID", "PCI", "NODE", "CC", "MIG"];

/// Versions on the first line, then one line per GPU and one per MIG device below its GPU.
pub(super) fn render(report: &Report) -> String {
    let mut rows: Vec<[String; 8]> = vec![HEADER.map(str::to_owned)];
    for gpu in &report.gpus {
        rows.push(gpu_row(gpu));
        rows.extend(gpu.mig_devices.iter().map(mig_row));
    }
    let mut text = versions(report);
    for row in &rows {
        text.push_str(&line(row, &rows));
    }
    text
}

fn versions(report: &Report) -> String {
    let driver = report.driver_version.as_deref().unwrap_or("unknown");
    let mut text = format!("driver {driver}");
    if let Some(module) =
        report.kernel_module_version.as_ref().filter(|module| Some(*module) != report.driver_version.as_ref())
    {
        let _ = write!(text, " (kernel module {module})");
    }
    if let Some(cuda) = &report.cuda_version {
        let _ = write!(text, ", CUDA {cuda}");
    }
    text + "\n\n"
}

fn gpu_row(gpu: &Row) -> [String; 8] {
    let mig = match gpu.mig {
        Some(true) => "on",
        Some(false) => "off",
        None => "-",
    };
    [
        gpu.index.to_string(),
        known(gpu.name.as_ref()),
        memory(gpu.memory_mib),
        known(gpu.uuid.as_ref()),
        known(gpu.pci.as_ref()),
        format!("/dev/nvidia{}", gpu.minor),
        known(gpu.compute_capability.as_ref()),
        mig.to_owned(),
    ]
}

fn mig_row(mig: &MigRow) -> [String; 8] {
    let name = format!("  MIG {}", known(mig.profile.as_ref()));
    let empty = String::new;
    [
        mig.index.clone(),
        name,
        memory(mig.memory_mib),
        known(mig.uuid.as_ref()),
        empty(),
        empty(),
        empty(),
        empty(),
    ]
}

fn known(value: Option<&String>) -> String {
    value.cloned().unwrap_or_else(|| "-".to_owned())
}

fn memory(mib: Option<u64>) -> String {
    mib.map_or_else(|| "-".to_owned(), |mib| format!("{mib} MiB"))
}

/// One line, each column as wide as its widest cell.
fn line(row: &[String; 8], rows: &[[String; 8]]) -> String {
    let mut text = String::new();
    for (column, cell) in row.iter().enumerate() {
        let widths = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        let _ = write!(text, "{cell:width$}  ", width = widths.max().unwrap_or_default());
    }
    format!("{}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let expected = "\
driver 580.95.05, CUDA 13.0

GPU  NAME                   MEMORY     UUID   PCI           NODE          CC   MIG
0    NVIDIA H100 80GB HBM3  81559 MiB  GPU-1  0000:01:00.0  /dev/nvidia1  9.0  off
1    NVIDIA H100 80GB HBM3  81559 MiB  GPU-3  0000:03:00.0  /dev/nvidia3  9.0  on
1:0    MIG 1g.10gb          9728 MiB   MIG-1
";
        assert_eq!(render(&super::super::report::tests::example()), expected);
    }
}
