//! `nvidia-smi --query-gpu=... --format=csv`: chosen fields of each GPU.

use crate::gpus::{Gpu, System};

const MIB: u64 = 1024 * 1024;
const ABSENT: &str = "[N/A]";

/// A field: its names, its unit, and how it is told.
struct Field {
    names: &'static [&'static str],
    unit: Option<&'static str>,
    tell: fn(&System, &Gpu) -> Option<String>,
}

/// The fields, in the order of the real tool's help.
const FIELDS: &[Field] = &[
    plain(&["driver_version"], |system, _| Some(system.driver_version.clone())),
    plain(&["count"], |system, _| Some(system.count.to_string())),
    plain(&["name", "gpu_name"], |_, gpu| Some(gpu.name.clone())),
    plain(&["serial", "gpu_serial"], |_, gpu| gpu.serial.clone()),
    plain(&["uuid", "gpu_uuid"], |_, gpu| Some(gpu.uuid.clone())),
    plain(&["pci.bus_id", "gpu_bus_id"], |_, gpu| Some(gpu.bus_id.clone())),
    plain(&["pci.domain"], |_, gpu| Some(format!("0x{:04X}", gpu.pci?.0))),
    plain(&["pci.bus"], |_, gpu| Some(format!("0x{:02X}", gpu.pci?.1))),
    plain(&["pci.device"], |_, gpu| Some(format!("0x{:02X}", gpu.pci?.2))),
    plain(&["pci.device_id"], |_, gpu| Some(format!("0x{:08X}", gpu.pci_device_id?))),
    plain(&["index"], |_, gpu| Some(gpu.index.to_string())),
    plain(&["minor_number"], |_, gpu| Some(gpu.minor?.to_string())),
    plain(&["display_mode"], |_, gpu| gpu.display.map(enabled)),
    plain(&["display_active"], |_, gpu| gpu.display.map(enabled)),
    plain(&["persistence_mode"], |_, gpu| gpu.persistence.map(enabled)),
    unit("%", &["fan.speed"], |_, gpu| Some(gpu.fan?.to_string())),
    plain(&["pstate"], |_, gpu| Some(format!("P{}", gpu.performance_state?))),
    unit("MiB", &["memory.total"], |_, gpu| Some((gpu.memory?.total / MIB).to_string())),
    unit("MiB", &["memory.used"], |_, gpu| Some((gpu.memory?.used / MIB).to_string())),
    unit("MiB", &["memory.free"], |_, gpu| Some((gpu.memory?.free / MIB).to_string())),
    plain(&["compute_mode"], |_, gpu| gpu.compute_mode.map(compute_mode)),
    plain(&["compute_cap"], |_, gpu| gpu.compute_capability.map(|(major, minor)| format!("{major}.{minor}"))),
    unit("%", &["utilization.gpu"], |_, gpu| Some(gpu.utilization?.gpu.to_string())),
    unit("%", &["utilization.memory"], |_, gpu| Some(gpu.utilization?.memory.to_string())),
    plain(&["ecc.mode.current"], |_, gpu| gpu.ecc.map(enabled)),
    plain(&["ecc.mode.pending"], |_, gpu| gpu.ecc.map(enabled)),
    plain(&["temperature.gpu"], |_, gpu| Some(gpu.temperature?.to_string())),
    unit("W", &["power.draw"], |_, gpu| gpu.power_mw.map(watts)),
    unit("W", &["power.limit"], |_, gpu| gpu.power_limit_mw.map(watts)),
    plain(&["mig.mode.current"], |_, gpu| gpu.mig_mode.map(|(now, _)| enabled(now))),
    plain(&["mig.mode.pending"], |_, gpu| gpu.mig_mode.map(|(_, pending)| enabled(pending))),
];

/// The CSV text; the error is the message about the first unknown field.
pub(crate) fn query(
    system: &System,
    gpus: &[&Gpu],
    fields: &[String],
    header: bool,
    units: bool,
) -> Result<String, String> {
    let fields = resolve(fields)?;
    let mut lines = Vec::new();
    if header {
        lines.push(fields.iter().map(|(name, field)| heading(name, field)).collect::<Vec<_>>().join(", "));
    }
    for gpu in gpus {
        lines.push(
            fields.iter().map(|(_, field)| cell(system, gpu, field, units)).collect::<Vec<_>>().join(", "),
        );
    }
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}

fn resolve(names: &[String]) -> Result<Vec<(&str, &'static Field)>, String> {
    let find = |name: &'_ str| FIELDS.iter().find(|field| field.names.contains(&name));
    let unknown = |name: &str| format!("Field \"{name}\" is not a valid field to query.\n");
    names
        .iter()
        .map(|name| find(name).map(|field| (name.as_str(), field)).ok_or_else(|| unknown(name)))
        .collect()
}

fn heading(name: &str, field: &Field) -> String {
    field.unit.map_or_else(|| name.to_owned(), |unit| format!("{name} [{unit}]"))
}

fn cell(system: &System, gpu: &Gpu, field: &Field, units: bool) -> String {
    match ((field.tell)(system, gpu), field.unit) {
        (Some(value), Some(unit)) if units => format!("{value} {unit}"),
        (Some(value), _) => value,
        (None, _) => ABSENT.to_owned(),
    }
}

const fn plain(names: &'static [&'static str], tell: fn(&System, &Gpu) -> Option<String>) -> Field {
    Field { names, unit: None, tell }
}

const fn unit(
    unit: &'static str,
    names: &'static [&'static str],
    tell: fn(&System, &Gpu) -> Option<String>,
) -> Field {
    Field { names, unit: Some(unit), tell }
}

fn enabled(on: bool) -> String {
    if on { "Enabled" } else { "Disabled" }.to_owned()
}

fn compute_mode(mode: u32) -> String {
    match mode {
        0 => "Default",
        2 => "Prohibited",
        3 => "Exclusive_Process",
        _ => ABSENT,
    }
    .to_owned()
}

fn watts(milliwatts: u32) -> String {
    format!("{}.{:02}", milliwatts / 1000, milliwatts % 1000 / 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nvml::Memory;

    fn check(fields: &str, header: bool, units: bool) -> Result<String, String> {
        let system = System { driver_version: "580.95.05".into(), count: 1, ..System::default() };
        let memory = Memory { total: 81559 * MIB, free: 81559 * MIB, used: 0 };
        let gpu = Gpu {
            name: "NVIDIA H100 80GB HBM3".into(),
            memory: Some(memory),
            compute_capability: Some((9, 0)),
            power_mw: Some(70_480),
            mig_mode: Some((false, false)),
            ..Gpu::default()
        };
        let fields: Vec<String> = fields.split(',').map(str::to_owned).collect();
        query(&system, &[&gpu], &fields, header, units)
    }

    #[test]
    fn text_is_that_of_the_real_tool() {
        let cases = [
            ("name,memory.total", true, true, "name, memory.total [MiB]\nNVIDIA H100 80GB HBM3, 81559 MiB\n"),
            ("memory.total,compute_cap", true, false, "memory.total [MiB], compute_cap\n81559, 9.0\n"),
            ("gpu_name,index", false, true, "NVIDIA H100 80GB HBM3, 0\n"),
            ("serial,mig.mode.current", false, true, "[N/A], Disabled\n"),
            ("driver_version,count,power.draw", false, true, "580.95.05, 1, 70.48 W\n"),
        ];
        for (fields, header, units, expected) in cases {
            assert_eq!(check(fields, header, units).as_deref(), Ok(expected), "{fields}");
        }
    }

    #[test]
    fn an_unknown_field_is_named() {
        let message = check("name,colour", true, true).unwrap_err();
        assert_eq!(message, "Field \"colour\" is not a valid field to query.\n");
    }
}
