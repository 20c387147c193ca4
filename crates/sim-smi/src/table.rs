//! `nvidia-smi` without options: the table, in the shape that the real tool has since driver 550.

use crate::gpus::{Gpu, Mig, System};
use std::fmt::Write;

const MIB: u64 = 1024 * 1024;
const WIDE: &str =
    "+-----------------------------------------------------------------------------------------+\n";
const COLUMNS: &str =
    "+-----------------------------------------+------------------------+----------------------+\n";
const HEADINGS: &str = "\
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
|                                         |                        |               MIG M. |
|=========================================+========================+======================|
";
const MIG_HEADINGS: &str = "\
| MIG devices:                                                                            |
+------------------+----------------------------------+-----------+-----------------------+
| GPU  GI  CI  MIG |              Shared Memory-Usage |        Vol|        Shared         |
|      ID  ID  Dev |                Shared BAR1-Usage | SM     Unc| CE ENC  DEC  OFA  JPG |
|                  |                                  |        ECC|                       |
|==================+==================================+===========+=======================|
";
const MIG_COLUMNS: &str =
    "+------------------+----------------------------------+-----------+-----------------------+\n";
const PROCESSES: &str = "\
| Processes:                                                                              |
|  GPU   GI   CI              PID   Type   Process name                        GPU Memory |
|        ID   ID                                                               Usage      |
|=========================================================================================|
|  No running processes found                                                             |
";

/// The table; `seconds` since 1970 stand in its first line, as UTC.
pub(crate) fn table(system: &System, gpus: &[&Gpu], seconds: u64) -> String {
    let mut text = format!("{}\n{WIDE}", date(seconds));
    let _ = writeln!(
        text,
        "| NVIDIA-SMI {0:<22} Driver Version: {0:<14} CUDA Version: {1:<8} |",
        system.driver_version, system.cuda_version
    );
    text.push_str(COLUMNS);
    text.push_str(HEADINGS);
    for gpu in gpus {
        text.push_str(&rows(gpu));
        text.push_str(COLUMNS);
    }
    text.push('\n');
    text.push_str(&mig_table(gpus));
    text + WIDE + PROCESSES + WIDE
}

fn rows(gpu: &Gpu) -> String {
    let on = |flag: Option<bool>| flag.map_or("N/A", |on| if on { "On" } else { "Off" });
    let number =
        |value: Option<u32>, unit: &str| value.map_or("N/A".to_owned(), |value| format!("{value}{unit}"));
    let watts = |milliwatts: Option<u32>| number(milliwatts.map(|value| value / 1000), "W");
    let ecc = gpu.ecc.map_or("N/A", |on| if on { "0" } else { "Off" });
    let compute = gpu.compute_mode.map_or("N/A", |mode| if mode == 0 { "Default" } else { "E. Process" });
    let mig = gpu.mig_mode.map_or("N/A", |(now, _)| if now { "Enabled" } else { "Disabled" });
    let state = gpu.performance_state.map_or("N/A".to_owned(), |state| format!("P{state}"));
    let memory = gpu.memory.map_or("N/A".to_owned(), |memory| {
        format!("{:>7}MiB / {:>6}MiB", memory.used / MIB, memory.total / MIB)
    });
    let power = format!("{} / {:>5}", watts(gpu.power_mw), watts(gpu.power_limit_mw));
    let name: String = gpu.name.chars().take(28).collect();
    let mut text = String::new();
    let _ = writeln!(
        text,
        "| {:>3}  {name:<28} {:>4}  | {:>18} {:>3} | {ecc:>20} |",
        gpu.index,
        on(gpu.persistence),
        gpu.bus_id,
        on(gpu.display)
    );
    let _ = writeln!(
        text,
        "|{:>4} {:>5}  {state:>4} {power:>23} | {memory:>22} | {:>7} {compute:>12} |",
        number(gpu.fan, "%"),
        number(gpu.temperature, "C"),
        number(gpu.utilization.map(|rates| rates.gpu), "%"),
    );
    let _ = writeln!(text, "| {:39} | {:22} | {mig:>20} |", "", "");
    text
}

fn mig_table(gpus: &[&Gpu]) -> String {
    if gpus.iter().all(|gpu| gpu.mig.is_empty()) {
        return String::new();
    }
    let rows = gpus.iter().flat_map(|gpu| gpu.mig.iter().map(|mig| mig_row(gpu, mig) + MIG_COLUMNS));
    format!("{WIDE}{MIG_HEADINGS}{}\n", rows.collect::<String>())
}

fn mig_row(gpu: &Gpu, mig: &Mig) -> String {
    let attributes = &mig.attributes;
    let memory = format!("{}MiB / {:>5}MiB", mig.memory.used / MIB, mig.memory.total / MIB);
    let engines = format!(
        "{:>2} {:>3} {:>4} {:>4} {:>4}",
        attributes.copy_engines, attributes.encoders, attributes.decoders, attributes.ofas, attributes.jpegs
    );
    format!(
        "| {:>2} {:>4} {:>3} {:>3}  | {memory:>30}   | {:>2}      0 | {engines:<21} |\n",
        gpu.index, mig.gpu_instance, mig.compute_instance, mig.index, attributes.multiprocessors
    )
}

/// A time as the real tool writes it, for example `Tue Sep 23 09:55:41 2025`, padded as there.
fn date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, clock) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let name = |names: &[&'static str], index: u64| {
        usize::try_from(index).ok().and_then(|index| names.get(index).copied())
    };
    format!(
        "{} {} {day:>2} {:02}:{:02}:{:02} {year}       ",
        name(&DAYS, days % 7).unwrap_or_default(),
        name(&MONTHS, month).unwrap_or_default(),
        clock / 3600,
        clock / 60 % 60,
        clock % 60
    )
}

/// Year, month from zero and day of month of a day since 1970. The year is counted from March on, so
/// that the leap day is its last one.
fn civil(days: u64) -> (u64, u64, u64) {
    let since_march_0 = days + 719_468;
    let era = since_march_0 / 146_097;
    let of_era = since_march_0 % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12;
    (era * 400 + year_of_era + u64::from(month < 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nvml::{Memory, Utilization};

    fn h100() -> Gpu {
        Gpu {
            name: "NVIDIA H100 80GB HBM3".into(),
            bus_id: "00000000:07:00.0".into(),
            persistence: Some(true),
            display: Some(false),
            ecc: Some(true),
            memory: Some(Memory { total: 81559 * MIB, free: 81559 * MIB, used: 0 }),
            temperature: Some(32),
            power_mw: Some(71_000),
            power_limit_mw: Some(700_000),
            performance_state: Some(0),
            utilization: Some(Utilization::default()),
            compute_mode: Some(0),
            mig_mode: Some((false, false)),
            ..Gpu::default()
        }
    }

    const EXPECTED: &str = "\
Tue Sep 23 09:55:41 2025       
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 580.95.05              Driver Version: 580.95.05      CUDA Version: 13.0     |
+-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
|                                         |                        |               MIG M. |
|=========================================+========================+======================|
|   0  NVIDIA H100 80GB HBM3          On  |   00000000:07:00.0 Off |                    0 |
| N/A   32C    P0             71W /  700W |       0MiB /  81559MiB |      0%      Default |
|                                         |                        |             Disabled |
+-----------------------------------------+------------------------+----------------------+

+-----------------------------------------------------------------------------------------+
| Processes:                                                                              |
|  GPU   GI   CI              PID   Type   Process name                        GPU Memory |
|        ID   ID                                                               Usage      |
|=========================================================================================|
|  No running processes found                                                             |
+-----------------------------------------------------------------------------------------+
";

    #[test]
    fn the_table_has_the_shape_of_the_real_one() {
        let system =
            System { driver_version: "580.95.05".into(), cuda_version: "13.0".into(), ..System::default() };
        assert_eq!(table(&system, &[&h100()], 1_758_621_341), EXPECTED);
    }

    #[test]
    fn every_line_is_as_wide_as_the_frame() {
        let mut gpu = h100();
        gpu.mig = vec![Mig { gpu_instance: 13, ..Mig::default() }];
        gpu.fan = Some(100);
        gpu.name = "NVIDIA RTX 6000 Ada Generation Laptop GPU".into();
        let text = table(&System::default(), &[&gpu], 0);
        for line in text.lines().skip(1).filter(|line| !line.is_empty()) {
            assert_eq!(line.chars().count(), WIDE.len() - 1, "{line}");
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0).trim_end(), "Thu Jan  1 00:00:00 1970");
        assert_eq!(date(951_782_400).trim_end(), "Tue Feb 29 00:00:00 2000");
        assert_eq!(date(4_107_542_399).trim_end(), "Sun Feb 28 23:59:59 2100");
    }
}
