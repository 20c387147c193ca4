//! Tests of the renderers over one small file.

use super::*;
use crate::engine::check;
use crate::file::File;
use crate::options::Options;

fn shown(format: Format) -> String {
    let files = [File::new(
        "a b/Dockerfile",
        "FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nENV LD_LIBRARY_PATH=/opt/lib\n",
    )];
    let options = Options { select: vec!["G405".into()], ..Options::default() };
    render(format, &check(&files, &options), Files::new(&files), false)
}

#[test]
fn full_shows_the_source() {
    assert_eq!(
        shown(Format::Full),
        "warning[G405]: `LD_LIBRARY_PATH` loses the folders that the base image set
 --> a b/Dockerfile:2:21
  |
1 | FROM nvidia/cuda:12.4.1-base-ubuntu22.04
  |      ----------------------------------- sets it to `/usr/local/nvidia/lib:/usr/local/nvidia/lib64`
2 | ENV LD_LIBRARY_PATH=/opt/lib
  |                     ^^^^^^^^ does not contain `$LD_LIBRARY_PATH`
  |
  = note: where the driver is mounted there (Kubernetes nodes of some providers, old runtimes) programs will stop with `libcuda.so.1: cannot open shared object file`
  = help: append `:$LD_LIBRARY_PATH`
  = help: `--fix` will append the old value

"
    );
}

#[test]
fn lines_for_programs() {
    assert_eq!(
        shown(Format::Concise),
        "a b/Dockerfile:2:21: warning[G405] [*] `LD_LIBRARY_PATH` loses the folders that the base image set\n"
    );
    assert!(shown(Format::Github).starts_with(
        "::warning file=a b/Dockerfile,line=2,endLine=2,col=21,endColumn=29,title=G405 (ld-path-clobber)::"
    ));
}

#[test]
fn documents_for_programs() {
    let json: serde_json::Value = serde_json::from_str(&shown(Format::Json)).unwrap();
    assert_eq!(json["findings"][0]["fix"]["applicability"], "safe");
    assert_eq!(json["findings"][0]["span"]["bytes"], serde_json::json!([61, 69]));
    let sarif: serde_json::Value = serde_json::from_str(&shown(Format::Sarif)).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    let location = &result["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "a%20b/Dockerfile");
    assert_eq!(location["region"]["endColumn"], 29);
    let index = result["ruleIndex"].as_u64().unwrap() as usize;
    assert_eq!(sarif["runs"][0]["tool"]["driver"]["rules"][index]["id"], "G405");
}

#[test]
fn the_summary_counts() {
    let files = [File::new("Dockerfile", "FROM a\n")];
    assert_eq!(summary(&check(&files, &Options::default())), "nothing found in 1 file\n");
}
