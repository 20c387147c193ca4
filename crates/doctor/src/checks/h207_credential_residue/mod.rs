//! H207: does the client's configuration name a credential helper that is gone?

use crate::codes::CREDENTIAL_RESIDUE;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let client = match facts.client.as_result() {
        Ok(client) => client,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let credentials = &client.credentials;
    if let Some(why) = &client.unread {
        return Outcome::CannotTell(why.clone());
    }
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

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let client = facts.client.known()?;
    let names = client.credentials.missing.join(" and ");
    let changes =
        format!("takes what names {names} out of {}; the logins under `auths` stay", client.configuration);
    Some(Remedy::safe("longshore doctor --fix", changes))
}
