//! `longshore setup`: the way from any state to a verified GPU in a container: shown, asked, carried out;
//! and the check list after it, tried.

mod told;

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use ::setup::{Item, Means, Outcome, Verdict, VerifyOptions, Wishes, render};
use diag::render::human::{Colour, paint};
use diag::{Failure, Result};
use host::{JournalEntry, JournalState};
use told::Told;

pub(crate) use told::take_back;

/// The row of the tables.
pub(crate) const COMMAND: Command = Command::new(
    "setup",
    "Sets a machine up until a container has its GPU, step by step, and verifies it",
    setup,
)
.flags(FLAGS);

const FLAGS: &[Flag] = &[
    Flag::switch("plan", "Print what would be done, and change nothing"),
    Flag::switch("yes", "Carry it out without asking; what needs an option of its own is left out"),
    Flag::switch("verify", "Try each point of the check list for real"),
    Flag::text("form", "How the plan is printed: text, json or shell").default("text"),
    Flag::switch("json", "Print as JSON"),
    Flag::text(
        "image",
        "Image on this machine in which a GPU is looked for; one made of this machine's C library otherwise",
    ),
    Flag::switch("docker-repository", "Take Docker Engine from Docker's own repository"),
    Flag::text("docker-mirror", "Address that stands for https://download.docker.com/linux"),
    Flag::text("channel", "Channel of Docker's repository: stable, or test for what is experimental")
        .default("stable"),
    Flag::text("docker-version", "Version of Docker Engine, as the package manager writes it"),
    Flag::switch("remove-desktop", "Remove Docker Desktop"),
    Flag::switch("remove-conflicting", "Remove packages that Docker's own cannot stand beside"),
    Flag::switch("add-user", "Put the calling user into the group docker, which is as good as root"),
    Flag::switch("rootless", "Set up a Docker Engine of the calling user that runs without root"),
    Flag::switch("stop-containers", "Restart Docker also when that stops running containers"),
    Flag::text("package", "Package file of this toolkit, where no repository has it"),
    Flag::text("repository", "Address of the repository that has this toolkit"),
    Flag::text("repository-key", "File with the key that signs that repository"),
    Flag::text("toolkit-version", "Version of this toolkit, as the package manager writes it"),
    Flag::text("proxy", "Proxy through which package managers reach their repositories"),
    Flag::text("root", "Directory that holds the file system of another host, to be planned for"),
    Flag::switch("repair-client", "Take what Docker Desktop left out of the Docker client's settings, now"),
    Flag::switch("restore-client", "Take that back"),
    Flag::switch("restore-rootless", "Take the configuration of your Docker without root back, now"),
];

fn setup(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    if !parsed.text("root").is_empty() {
        let root = session.absolute(parsed.text("root"))?;
        session.host = session.host.below(&root)?;
    }
    if parsed.switch("repair-client") {
        return repair_client(session);
    }
    if parsed.switch("restore-client") {
        return restore_client(session);
    }
    if parsed.switch("restore-rootless") {
        return restore_rootless(session);
    }
    if parsed.switch("verify") {
        return verify(session, parsed);
    }
    let show_only = parsed.switch("plan") || parsed.switch("json") || parsed.text("form") != "text";
    if show_only || !session.host.is_live() || !(parsed.switch("yes") || session.can_ask()) {
        return show(session, parsed);
    }
    if session.host.uid() != 0 {
        show(session, parsed)?;
        session
            .info("Packages and settings of the system are root's: `sudo longshore setup` carries this out.");
        return Ok(Exit::Well);
    }
    carry_out(session, parsed)
}

fn carry_out(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let wishes = wishes(session, parsed)?;
    let means = Means {
        proxy: parsed.text("proxy").to_owned(),
        verify: VerifyOptions { image: parsed.text("image").to_owned() },
    };
    let (survey, _) = ::setup::survey(&session.host)?;
    session.out(&render::machine(&survey));
    session.out(
        "Each step is shown with its effect before it happens. `longshore undo setup` takes all back.\n",
    );
    let host = session.writable();
    let mut told = Told::new(session, parsed.switch("yes"));
    let outcome = ::setup::carry_out(&host, &wishes, &means, &mut told);
    told.clear();
    let Outcome { number, items } = outcome?;
    let undo = if number.is_some() { "; `longshore undo setup` takes back what was done" } else { "" };
    if items.is_empty() {
        session.info(&format!("Stopped here; `longshore setup` goes on{undo}."));
        return Ok(Exit::Failed);
    }
    let end = conclude(session, &items, false);
    let next = if end == Exit::Well {
        "All of it holds: `docker run --rm --gpus all IMAGE nvidia-smi` shows the GPUs in a container of yours"
    } else {
        "Not all of it holds; `longshore setup --verify` tries it again"
    };
    session.info(&format!("{next}{undo}."));
    Ok(end)
}

/// What a client's repair is called in the journal.
fn restore_client(session: &mut Session) -> Result<Exit> {
    let (survey, _) = ::setup::survey(&session.host)?;
    let title = format!("repair {}", survey.client.path);
    let what = format!("{} was not repaired", survey.client.path);
    restore(session, |entry| entry.plan.title == title, &what)
}

/// The configuration of the caller's own daemon lies in the caller's home, and so does its journal.
fn restore_rootless(session: &mut Session) -> Result<Exit> {
    let ours = |entry: &JournalEntry| {
        entry.plan.title.starts_with("register runtime")
            && entry.plan.title.ends_with("/.config/docker/daemon.json")
    };
    restore(session, ours, "no Docker without root was configured")
}

fn restore(session: &mut Session, ours: impl Fn(&JournalEntry) -> bool, otherwise: &str) -> Result<Exit> {
    let entries = session.writable().journal_entries()?;
    match entries.iter().rfind(|entry| entry.state == JournalState::Done && ours(entry)) {
        Some(entry) => session.writable().undo(&entry.id).map(|_| Exit::Well),
        None => {
            session.info(otherwise);
            Ok(Exit::Well)
        }
    }
}

fn repair_client(session: &mut Session) -> Result<Exit> {
    let (survey, _) = ::setup::survey(&session.host)?;
    let Some(plan) = ::setup::repair_client(&survey) else {
        session.info(&format!("{} has nothing to repair", survey.client.path));
        return Ok(Exit::Well);
    };
    let receipt = session.apply(&plan)?;
    let id = receipt.id.unwrap_or_default();
    session.info(&format!("Repaired {}; `longshore undo {id}` takes it back", survey.client.path));
    Ok(Exit::Well)
}

fn wishes(session: &Session, parsed: &Parsed) -> Result<Wishes> {
    let package = match parsed.text("package") {
        "" => String::new(),
        file if file.contains('/') || is_package(file) => existing(session, file)?,
        name => name.to_owned(),
    };
    let key = match parsed.text("repository-key") {
        "" => None,
        file => {
            let path = session.absolute(file)?;
            let bytes = session.host.read_limited(&path, 1024 * 1024)?;
            Some((path, bytes))
        }
    };
    let text = |name: &str| parsed.text(name).to_owned();
    Ok(Wishes {
        docker_repository: parsed.switch("docker-repository"),
        docker_mirror: text("docker-mirror"),
        channel: text("channel"),
        docker_version: text("docker-version"),
        remove_desktop: parsed.switch("remove-desktop"),
        remove_conflicting: parsed.switch("remove-conflicting"),
        add_user: parsed.switch("add-user"),
        rootless: parsed.switch("rootless"),
        stop_containers: parsed.switch("stop-containers"),
        package,
        toolkit_version: text("toolkit-version"),
        repository: text("repository"),
        repository_key: key,
    })
}

fn is_package(name: &str) -> bool {
    [".deb", ".rpm", ".pkg.tar.zst", ".pkg.tar.xz"].iter().any(|end| name.ends_with(end))
}

/// The absolute path of a package file. For another host it is a path there, which nobody can check.
fn existing(session: &Session, file: &str) -> Result<String> {
    let path = session.absolute(file)?;
    if session.host.is_live() && !session.host.exists(&path) {
        return Err(Failure::coded(codes::BAD_VALUE, format!("there is no package file {path}")));
    }
    Ok(path)
}

fn show(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let wishes = wishes(session, parsed)?;
    let (survey, findings) = ::setup::survey(&session.host)?;
    for finding in findings {
        session.warn(&finding.message);
    }
    let route = ::setup::route(survey, &wishes)?;
    let text = match parsed.text("form") {
        _ if parsed.switch("json") => render::json(&route),
        "text" => {
            let how = if parsed.switch("plan") || !session.host.is_live() {
                ""
            } else {
                " On a terminal, each step is asked; --yes carries all out."
            };
            render::text(&route) + &format!("\nNothing was changed.{how}\n")
        }
        "json" => render::json(&route),
        "shell" => render::shell(&route),
        other => {
            return Err(Failure::coded(
                codes::BAD_VALUE,
                format!("form `{other}` is none of text, json, shell"),
            ));
        }
    };
    session.out(&text);
    Ok(Exit::Well)
}

fn verify(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let options = VerifyOptions { image: parsed.text("image").to_owned() };
    let items = ::setup::verify(&session.host, &options);
    let json = parsed.switch("json") || parsed.text("form") == "json";
    Ok(conclude(session, &items, json))
}

/// Prints the check list; its worst point is the exit code.
fn conclude(session: &mut Session, items: &[Item], json: bool) -> Exit {
    let colour = session.colour();
    let text =
        if json { render::items(items) } else { items.iter().map(|item| line(item, colour)).collect() };
    session.out(&text);
    let worst = items.iter().map(|item| item.verdict);
    match worst.fold(Verdict::Yes, worse) {
        Verdict::Yes => Exit::Well,
        Verdict::No => Exit::Failed,
        Verdict::CannotTell => Exit::Usage,
    }
}

fn worse(one: Verdict, other: Verdict) -> Verdict {
    match (one, other) {
        (Verdict::No, _) | (_, Verdict::No) => Verdict::No,
        (Verdict::CannotTell, _) | (_, Verdict::CannotTell) => Verdict::CannotTell,
        _ => Verdict::Yes,
    }
}

fn line(item: &Item, colour: bool) -> String {
    let (word, shade) = match item.verdict {
        Verdict::Yes => ("yes", Colour::Green),
        Verdict::No => ("no", Colour::Red),
        Verdict::CannotTell => ("cannot tell", Colour::Yellow),
    };
    let next = item.next.as_ref().map(|next| format!("{:16}next: {next}\n", "")).unwrap_or_default();
    format!(
        "  {}  {}\n{:16}{}\n{next}",
        paint(&format!("{word:<12}"), shade, colour),
        item.name,
        "",
        item.seen
    )
}
