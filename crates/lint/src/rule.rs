//! A rule: code, page and one function over the model of a file.

use crate::compose::Compose;
use crate::devcontainer::Devcontainer;
use crate::dockerfile::Build;
use crate::file::{File, Files};
use crate::kubernetes::Manifests;
use crate::options::Options;
use crate::script::Script;
use crate::sink::Sink;
use diag::{Code, Severity};

/// A rule of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Stable code, `G` and three digits; the hundred is the family.
    pub code: Code,
    /// Kebab-case name that reads well after "allow".
    pub name: &'static str,
    /// What it reports unless the rule says otherwise at a place.
    pub severity: Severity,
    /// The area.
    pub family: Family,
    /// The function, by the kind of file that it looks at.
    pub check: Check,
    /// The page: what it does, why, example, use instead, fix safety, and the cases that test it.
    pub doc: &'static str,
}

impl Rule {
    /// The page for people: without the cases at its end, and without the marks for the tests.
    #[must_use]
    pub fn page(&self) -> String {
        let text = self.doc.split("\n## Cases\n").next().unwrap_or(self.doc);
        let mut page = String::with_capacity(text.len());
        let mut skipped = false;
        for line in text.lines() {
            if line.starts_with("```") && line.contains(" fixed") {
                skipped = true;
            } else if skipped {
                skipped = !line.starts_with("```");
            } else {
                let fence = line.starts_with("```").then(|| line.split(' ').next()).flatten();
                page.push_str(fence.unwrap_or(line));
                page.push('\n');
            }
        }
        page
    }
}

/// Areas of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// G1: base images and tags.
    Base,
    /// G2: packages of Python and conda.
    Packages,
    /// G3: driver and toolkit inside the image.
    Driver,
    /// G4: environment variables.
    Environment,
    /// G5: compute capabilities.
    Architecture,
    /// G6: stages, layers, size.
    Stages,
    /// G7: Compose.
    Compose,
    /// G8: Kubernetes.
    Kubernetes,
    /// G9: devcontainers, scripts, the lint's own comments.
    Surroundings,
}

/// What a rule sees of one file.
#[derive(Debug)]
pub struct Context<'a, M> {
    /// The model of the file.
    pub model: &'a M,
    /// The file itself.
    pub file: &'a File,
    /// All files of the run, to follow references.
    pub files: &'a Files<'a>,
    /// What the user said about targets and build arguments.
    pub options: &'a Options,
}

// Derived `Clone` would ask it of the model.
impl<M> Clone for Context<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Context<'_, M> {}

/// The function of a rule, by kind of file.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Over a Dockerfile.
    Dockerfile(fn(Context<'_, Build>, &mut Sink)),
    /// Over a Compose file.
    Compose(fn(Context<'_, Compose>, &mut Sink)),
    /// Over a file of Kubernetes objects.
    Kubernetes(fn(Context<'_, Manifests>, &mut Sink)),
    /// Over a devcontainer.json.
    Devcontainer(fn(Context<'_, Devcontainer>, &mut Sink)),
    /// Over a shell script or the commands of a Markdown text.
    Script(fn(Context<'_, Script>, &mut Sink)),
    /// Made by the engine itself (ignore comments, syntax errors).
    Engine,
}
