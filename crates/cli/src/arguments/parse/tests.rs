//! Tables of command lines.

use super::*;
use crate::exit::Exit;

static SET: Command = Command::new("set", "sets", |_, _| Ok(Exit::Well)).flags(&[
    Flag::list("device-id", "devices")
        .aliases(&["devices", "d"])
        .default("all")
        .env(&["DEVICES", "OLD_DEVICES"]),
    Flag::text("output", "file").aliases(&["o"]).env(&["OUTPUT"]),
    Flag::switch("dry-run", "only show").env(&["DRY_RUN"]),
    Flag::text("config", "own config").default("/etc/x"),
]);
static RUN: Command = Command::new("run", "runs", |_, _| Ok(Exit::Well))
    .flags(SET.flags)
    .arguments("PROGRAM...")
    .stops_at_argument();
static ROOT: Command = Command::group("root", "tests", &[SET, RUN]).flags(&[
    Flag::switch("debug", "more").aliases(&["d"]).env(&["DEBUG"]),
    Flag::text("config", "root config").aliases(&["c"]),
]);

/// What a command line comes to, as one line of text.
fn outcome(line: &str, environment: &[(&str, &str)]) -> String {
    let arguments: Vec<OsString> =
        line.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect();
    let lookup =
        |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let names = |path: &[&Command]| path.iter().map(|command| command.name).collect::<Vec<_>>().join(" ");
    match parse(&ROOT, &arguments, &lookup) {
        Ok(Request::Run(parsed)) => format!(
            "{}: devices={} output={} dry={} config={} debug={} rest={:?}",
            names(&parsed.path),
            parsed.list("device-id").join("|"),
            parsed.text("output"),
            parsed.switch("dry-run"),
            parsed.text("config"),
            parsed.switch("debug"),
            parsed.rest.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" "),
        ),
        Ok(Request::Help(path)) => format!("help of {}", names(&path)),
        Ok(Request::Version) => "version".to_owned(),
        Ok(Request::NoSuchCommand(path, name)) => format!("{} has no {name}", names(&path)),
        Err(failure) => failure.line(),
    }
}

#[test]
fn command_lines_mean_what_urfave_says() {
    let plain = "root set: devices=all output= dry=false config=/etc/x debug=false rest=\"\"";
    let cases: &[(&str, &str)] = &[
        ("set", plain),
        ("set --output=x", &plain.replace("output=", "output=x")),
        ("set --output x", &plain.replace("output=", "output=x")),
        ("set -output x", &plain.replace("output=", "output=x")),
        ("set -o x", &plain.replace("output=", "output=x")),
        ("set -o=x", &plain.replace("output=", "output=x")),
        ("set --output=a --output=b", &plain.replace("output=", "output=b")),
        ("set --output=a=b", &plain.replace("output=", "output=a=b")),
        ("set --output=", plain),
        ("set --output --dry-run", &plain.replace("output=", "output=--dry-run")),
        ("set --output -", &plain.replace("output=", "output=-")),
        ("set --device-id=2,0 --devices 3", &plain.replace("devices=all", "devices=2|0|3")),
        ("set -d 1", &plain.replace("devices=all", "devices=1")),
        ("set --device-id=", &plain.replace("devices=all", "devices=")),
        ("set --dry-run", &plain.replace("dry=false", "dry=true")),
        ("set --dry-run=true", &plain.replace("dry=false", "dry=true")),
        ("set --dry-run=T", &plain.replace("dry=false", "dry=true")),
        ("set --dry-run --dry-run=false", plain),
        (
            "set --dry-run false",
            &plain.replace("dry=false", "dry=true").replace("rest=\"\"", "rest=\"false\""),
        ),
        ("set --debug", &plain.replace("debug=false", "debug=true")),
        ("--debug set", &plain.replace("debug=false", "debug=true")),
        ("-d set", &plain.replace("debug=false", "debug=true")),
        ("--config /a set --config /b", &plain.replace("/etc/x", "/b")),
        ("--config /a set", plain),
        ("set word --dry-run", &plain.replace("dry=false", "dry=true").replace("rest=\"\"", "rest=\"word\"")),
        ("set -- --dry-run", &plain.replace("rest=\"\"", "rest=\"--dry-run\"")),
        ("set -1", &plain.replace("rest=\"\"", "rest=\"-1\"")),
        (
            "run -o x cat --dry-run",
            &plain
                .replace("root set", "root run")
                .replace("output=", "output=x")
                .replace("rest=\"\"", "rest=\"cat --dry-run\""),
        ),
        ("run -- -o x", &plain.replace("root set", "root run").replace("rest=\"\"", "rest=\"-o x\"")),
        ("run help", &plain.replace("root set", "root run").replace("rest=\"\"", "rest=\"help\"")),
        ("", "help of root"),
        ("help", "help of root"),
        ("help set", "help of root set"),
        ("help nix", "root has no nix"),
        ("set --help", "help of root set"),
        ("set -h --nix", "help of root set"),
        ("set help", "help of root set"),
        ("--version", "version"),
        ("-v", "version"),
        ("set --version", "flag provided but not defined: -version [U002]"),
        ("nix", "root has no nix"),
        ("set --drv-run", "flag provided but not defined: -drv-run [U002]; hint: did you mean --dry-run?"),
        ("set --frobnicate", "flag provided but not defined: -frobnicate [U002]"),
        ("set --output", "flag needs an argument: --output [U003]"),
        ("set --dry-run=perhaps", "option --dry-run: `perhaps` is neither true nor false [U003]"),
    ];
    for (line, expected) in cases {
        assert_eq!(outcome(line, &[]), *expected, "{line}");
    }
}

#[test]
fn the_environment_fills_what_the_command_line_leaves_open() {
    let plain = "root set: devices=all output= dry=false config=/etc/x debug=false rest=\"\"";
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let cases: &[Case<'_>] = &[
        ("set", &[("OUTPUT", "e")], &plain.replace("output=", "output=e")),
        ("set --output=", &[("OUTPUT", "e")], plain),
        ("set", &[("OLD_DEVICES", "1,2")], &plain.replace("devices=all", "devices=1|2")),
        ("set", &[("DEVICES", "0"), ("OLD_DEVICES", "1")], &plain.replace("devices=all", "devices=0")),
        ("set", &[("DEVICES", "")], plain),
        ("set", &[("DRY_RUN", "1")], &plain.replace("dry=false", "dry=true")),
        ("set --dry-run=false", &[("DRY_RUN", "1")], plain),
        ("set", &[("DRY_RUN", "")], plain),
        ("set", &[("DEBUG", "t")], &plain.replace("debug=false", "debug=true")),
        ("set", &[("DRY_RUN", "x")], "environment variable DRY_RUN: `x` is neither true nor false [U003]"),
    ];
    for (line, environment, expected) in cases {
        assert_eq!(outcome(line, environment), *expected, "{line} {environment:?}");
    }
}

#[test]
fn an_option_that_is_not_utf8_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let arguments = [OsString::from("set"), OsString::from_vec(b"--output=\xff".to_vec())];
    let failure = parse(&ROOT, &arguments, &|_| None).unwrap_err();
    assert_eq!(failure.code(), Some(codes::BAD_VALUE));
}
