//! The list of GPUs as CSV (RFC 4180 quoting, lines ended by a newline), one line per GPU and per
//! MIG device; what is not known is empty.

use super::report::Report;

const HEADER: &str =
    "index,name,memory_mib,driver_version,cuda_version,uuid,pci,minor,compute_capability,mig\n";

pub(super) fn render(report: &Report) -> String {
    let mut text = HEADER.to_owned();
    let driver = text_of(report.driver_version.as_ref());
    let cuda = text_of(report.cuda_version.as_ref());
    for gpu in &report.gpus {
        let mig = match gpu.mig {
            Some(true) => "on",
            Some(false) => "off",
            None => "",
        };
        let memory = gpu.memory_mib.map(|mib| mib.to_string());
        line(
            &mut text,
            &[
                &gpu.index.to_string(),
                text_of(gpu.name.as_ref()),
                text_of(memory.as_ref()),
                driver,
                cuda,
                text_of(gpu.uuid.as_ref()),
                text_of(gpu.pci.as_ref()),
                &gpu.minor.to_string(),
                text_of(gpu.compute_capability.as_ref()),
                mig,
            ],
        );
        for device in &gpu.mig_devices {
            let name = device.profile.as_ref().map(|profile| format!("MIG {profile}"));
            let memory = device.memory_mib.map(|mib| mib.to_string());
            let (name, memory) = (text_of(name.as_ref()), text_of(memory.as_ref()));
            line(
                &mut text,
                &[&device.index, name, memory, driver, cuda, text_of(device.uuid.as_ref()), "", "", "", ""],
            );
        }
    }
    text
}

fn text_of(value: Option<&String>) -> &str {
    value.map_or("", String::as_str)
}

fn line(text: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    text.push_str(&cells.join(","));
    text.push('\n');
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gpu_and_mig_device_is_a_line() {
        let expected = "\
index,name,memory_mib,driver_version,cuda_version,uuid,pci,minor,compute_capability,mig
0,NVIDIA H100 80GB HBM3,81559,580.95.05,13.0,GPU-1,0000:01:00.0,1,9.0,off
1,NVIDIA H100 80GB HBM3,81559,580.95.05,13.0,GPU-3,0000:03:00.0,3,9.0,on
1:0,MIG 1g.10gb,9728,580.95.05,13.0,MIG-1,,,,
";
        assert_eq!(render(&super::super::report::tests::example()), expected);
    }

    #[test]
    fn separators_are_quoted() {
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
