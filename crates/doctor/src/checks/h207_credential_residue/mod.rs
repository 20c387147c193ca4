//! H207: does the client's configuration name a credential helper that is gone?

use crate::check::DOCKER;
use crate::codes::CREDENTIAL_RESIDUE;
use crate::{Check, Facts, Layer, Remedy};
use diag::{Finding, Outcome, Severity};

/// The check.
pub(super) const CHECK: Check = Check {
    code: CREDENTIAL_RESIDUE,
    name: "credential-residue",
    label: "registry logins",
    layer: Layer::Permissions,
    weight: Severity::Warning,
    engines: DOCKER,
    explains: &[],
    blinds: &[],
    run,
    remedy,
    doc: include_str!("doc.md"),
};

fn run(facts: &Facts) -> Outcome {
    let client = match facts.client.as_result() {
        Ok(client) => client,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let credentials = &client.credentials;
    match (credentials.helpers.as_slice(), credentials.missing.as_slice()) {
        ([], _) => Outcome::Fine("no credential helper is configured".to_owned()),
        (helpers, []) => Outcome::Fine(format!("{} is there", helpers.join(", "))),
        (_, missing) => {
            let message = format!(
                "the client's configuration names {}, which is not in PATH: pulls will fail",
                missing.join(", ")
            );
            let finding = Finding::new(CREDENTIAL_RESIDUE, Severity::Warning, message)
                .evidence(format!("`credsStore` or `credHelpers` in {}", client.configuration));
            Outcome::Found(vec![finding])
        }
    }
}

fn remedy(facts: &Facts) -> Option<Remedy> {
    let file = &facts.client.known()?.configuration;
    Some(Remedy::safe(
        format!("remove the key `credsStore` from {file}"),
        "only that key: the logins under `auths` stay",
    ))
}
