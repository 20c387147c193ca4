//! `longshore setup`: the way from any state to a verified GPU in a container, shown; and the check list
//! after it, tried. It changes nothing but, when told to, the Docker client's left-over settings.

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use ::setup::{Item, Verdict, VerifyOptions, Wishes, render};
use diag::render::human::{Colour, paint};
use diag::{Failure, Result};

/// The row of the tables.
pub(crate) const COMMAND: Command =
    Command::new("setup", "Shows what is to be done until a container has its GPU, and verifies it", setup)
        .flags(&[
            Flag::switch("plan", "Print the plan; this is what happens without any option, too"),
            Flag::switch("verify", "Try each point of the check list for real"),
            Flag::text("form", "How the plan is printed: text, json or shell").default("text"),
            Flag::switch("json", "Print as JSON"),
            Flag::text("image", "Image on this machine in which --verify looks for a GPU").default("ubuntu"),
            Flag::switch("docker-repository", "Plan Docker Engine from Docker's own repository"),
            Flag::switch("remove-desktop", "Plan the removal of Docker Desktop"),
            Flag::switch("remove-conflicting", "Plan the removal of packages that are in the way"),
            Flag::switch(
                "add-user",
                "Plan to put the calling user into the group docker, which is as good as root",
            ),
            Flag::text("package", "Package file of this toolkit, where no repository has it"),
            Flag::text("root", "Directory that holds the file system of another host, to be planned for"),
            Flag::switch(
                "repair-client",
                "Take what Docker Desktop left out of the Docker client's settings, now",
            ),
        ]);

fn setup(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    if !parsed.text("root").is_empty() {
        let root = session.absolute(parsed.text("root"))?;
        session.host = session.host.below(&root)?;
    }
    if parsed.switch("repair-client") {
        return repair_client(session);
    }
    if parsed.switch("verify") { verify(session, parsed) } else { show(session, parsed) }
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

fn show(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let package = match parsed.text("package") {
        "" => String::new(),
        file if file.contains('/') => session.absolute(file)?,
        name => name.to_owned(),
    };
    let wishes = Wishes {
        docker_repository: parsed.switch("docker-repository"),
        remove_desktop: parsed.switch("remove-desktop"),
        remove_conflicting: parsed.switch("remove-conflicting"),
        add_user: parsed.switch("add-user"),
        package,
    };
    let (survey, findings) = ::setup::survey(&session.host)?;
    for finding in findings {
        session.warn(&finding.message);
    }
    let route = ::setup::route(survey, &wishes)?;
    let text = match parsed.text("form") {
        _ if parsed.switch("json") => render::json(&route),
        "text" => render::text(&route) + "\nNothing was changed.\n",
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
    let text = if parsed.switch("json") || parsed.text("form") == "json" {
        ::setup::render::items(&items)
    } else {
        items.iter().map(|item| line(item, session.colour())).collect()
    };
    session.out(&text);
    let worst = items.iter().map(|item| item.verdict);
    Ok(match worst.fold(Verdict::Yes, worse) {
        Verdict::Yes => Exit::Well,
        Verdict::No => Exit::Failed,
        Verdict::CannotTell => Exit::Usage,
    })
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
