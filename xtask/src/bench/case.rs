//! The cases: which way a container gets how many GPUs, and from which toolkit.

use serde::{Deserialize, Serialize};

/// GPUs of the simulated host.
pub(crate) const ALL_GPUS: usize = 8;

/// One case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Case {
    /// Name of the toolkit; none for what others are compared with.
    pub(crate) toolkit: Option<String>,
    /// The way.
    pub(crate) way: Way,
    /// Number of GPUs that are asked for.
    pub(crate) gpus: usize,
}

/// What is called and measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Way {
    /// `runc create` alone: what containers are compared with.
    Runc,
    /// The same with an image of 1,900 libraries.
    RuncLarge,
    /// Through the shim, its default mode.
    Shim,
    /// The same with an image of 1,900 libraries.
    ShimLarge,
    /// Through the shim, with a CDI specification on disk.
    Cdi,
    /// By the prestart hook that `docker run --gpus` adds.
    Prestart,
    /// By an engine that applies CDI itself: no shim, the edits are in `config.json` already.
    Engine,
    /// A piece of [`Way::Engine`]: device nodes alone.
    PieceDevices,
    /// A piece of [`Way::Engine`]: device nodes and mounts, no hook.
    PieceMounts,
    /// A piece of [`Way::Engine`]: device nodes and the hook, no mounts.
    PieceHook,
    /// A program that exits at once: what the shim alone is compared with.
    Program,
    /// The shim in front of that program, with a command that makes no container.
    AloneOther,
    /// The shim in front of that program, its default mode.
    Alone,
    /// The shim in front of that program, with a CDI specification on disk.
    AloneCdi,
    /// The same as [`Way::Alone`], but as the first one after boot: the machine has to be searched.
    AloneFirst,
}

/// Everything that is measured of one toolkit.
const OF_TOOLKIT: &[(Way, usize)] = &[
    (Way::Shim, 0),
    (Way::Shim, 1),
    (Way::Shim, ALL_GPUS),
    (Way::ShimLarge, 1),
    (Way::Cdi, 1),
    (Way::Cdi, ALL_GPUS),
    (Way::Engine, 1),
    (Way::Engine, ALL_GPUS),
    (Way::Prestart, 1),
    (Way::Prestart, ALL_GPUS),
    (Way::AloneOther, 0),
    (Way::Alone, 0),
    (Way::Alone, 1),
    (Way::Alone, ALL_GPUS),
    (Way::AloneCdi, 1),
    (Way::AloneCdi, ALL_GPUS),
    (Way::AloneFirst, ALL_GPUS),
];

/// Where the time of a container with one GPU, and of one with all, goes.
const PIECES: &[(Way, usize)] = &[
    (Way::PieceDevices, 1),
    (Way::PieceMounts, 1),
    (Way::PieceHook, 1),
    (Way::PieceDevices, ALL_GPUS),
    (Way::PieceMounts, ALL_GPUS),
    (Way::PieceHook, ALL_GPUS),
];

/// All cases of these toolkits, those first with which others are compared.
pub(crate) fn all(toolkits: &[&str], with_pieces: bool) -> Vec<Case> {
    let plain = [Way::Runc, Way::RuncLarge, Way::Program].map(|way| Case { toolkit: None, way, gpus: 0 });
    let of = |(place, name): (usize, &&str)| {
        // The pieces are about this project's own edits, whose toolkit is the first.
        let pieces = if with_pieces && place == 0 { PIECES } else { &[] };
        let name = Some((*name).to_owned());
        OF_TOOLKIT.iter().chain(pieces).map(move |&(way, gpus)| Case { toolkit: name.clone(), way, gpus })
    };
    plain.into_iter().chain(toolkits.iter().enumerate().flat_map(of)).collect()
}

impl Case {
    /// A name for files and for `--only`, such as `longshore/prestart-8`.
    pub(crate) fn id(&self) -> String {
        match &self.toolkit {
            None => self.way.id().to_owned(),
            Some(toolkit) => format!("{toolkit}/{}-{}", self.way.id(), self.gpus),
        }
    }

    /// What is done, for people.
    pub(crate) fn label(&self) -> String {
        let gpus = match self.gpus {
            0 => "no GPU asked".to_owned(),
            1 => "1 GPU".to_owned(),
            many => format!("{many} GPUs"),
        };
        match self.way {
            Way::Runc => "plain runc create".to_owned(),
            Way::RuncLarge => "plain runc create, 1,900 libraries".to_owned(),
            Way::ShimLarge => format!("{gpus}, default mode, 1,900 libraries"),
            Way::Program => "a program that exits at once".to_owned(),
            Way::AloneOther => "another command than create".to_owned(),
            Way::Shim | Way::Alone if self.gpus == 0 => gpus,
            Way::Shim | Way::Alone => format!("{gpus}, default mode"),
            Way::Cdi | Way::AloneCdi => format!("{gpus}, CDI specification on disk"),
            Way::Engine => format!("{gpus}, CDI by the engine"),
            Way::PieceDevices => format!("{gpus}, piece: device nodes"),
            Way::PieceMounts => format!("{gpus}, piece: device nodes and mounts"),
            Way::PieceHook => format!("{gpus}, piece: device nodes and hook"),
            Way::Prestart => format!("{gpus}, prestart hook (docker --gpus)"),
            Way::AloneFirst => format!("{gpus}, default mode, first after boot"),
        }
    }

    /// Whether the loader of the container learns of the driver.
    pub(crate) fn has_hook(&self) -> bool {
        self.gpus > 0 && !matches!(self.way, Way::PieceDevices | Way::PieceMounts)
    }

    /// Whether this one is among the wanted: others are compared with it, or a word is in its id.
    pub(crate) fn is_wanted(&self, only: &[String]) -> bool {
        only.is_empty() || self.toolkit.is_none() || only.iter().any(|word| self.id().contains(word.as_str()))
    }
}

impl Way {
    /// Whether no container is made.
    pub(crate) fn is_alone(self) -> bool {
        matches!(self, Self::Program | Self::AloneOther | Self::Alone | Self::AloneCdi | Self::AloneFirst)
    }

    /// What this way is compared with.
    pub(crate) fn base(self) -> Self {
        match self {
            Self::RuncLarge | Self::ShimLarge => Self::RuncLarge,
            _ if self.is_alone() => Self::Program,
            _ => Self::Runc,
        }
    }

    /// Whether the image is the one with 1,900 libraries.
    pub(crate) fn is_large(self) -> bool {
        matches!(self, Self::RuncLarge | Self::ShimLarge)
    }

    fn id(self) -> &'static str {
        match self {
            Self::Runc => "runc",
            Self::RuncLarge => "runc-large",
            Self::Shim => "shim",
            Self::ShimLarge => "large",
            Self::Cdi => "cdi",
            Self::Prestart => "prestart",
            Self::Engine => "engine",
            Self::PieceDevices => "piece-devices",
            Self::PieceMounts => "piece-mounts",
            Self::PieceHook => "piece-hook",
            Self::Program => "program",
            Self::AloneOther => "alone-other",
            Self::Alone => "alone",
            Self::AloneCdi => "alone-cdi",
            Self::AloneFirst => "alone-first",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_case_has_its_own_id_and_something_to_compare_with() {
        let cases = all(&["longshore", "other"], true);
        let ids: BTreeSet<String> = cases.iter().map(Case::id).collect();
        assert_eq!(ids.len(), cases.len());
        for case in &cases {
            assert!(
                cases.iter().any(|base| base.way == case.way.base() && base.toolkit.is_none()),
                "{case:?}"
            );
        }
    }

    #[test]
    fn a_choice_keeps_what_is_compared_with() {
        let wanted =
            all(&["longshore"], false).into_iter().filter(|case| case.is_wanted(&["prestart".to_owned()]));
        let ids: Vec<String> = wanted.map(|case| case.id()).collect();
        assert_eq!(ids, ["runc", "runc-large", "program", "longshore/prestart-1", "longshore/prestart-8"]);
    }
}
