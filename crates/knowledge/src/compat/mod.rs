//! Answers to "what runs with what", in both directions.
//!
//! A question names up to four subjects (driver, image, GPU, package). Each gets its facts; each
//! pair that the tables can judge gets a verdict. What the tables do not know stays unknown.

mod facts;
mod pairs;
mod subject;

pub use subject::{Build, Image, NotKnown, Package, Subjects};

use crate::Source;

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// A driver: `535`, `535.104.05`.
    pub driver: Option<String>,
    /// An image: `nvidia/cuda:12.8.0-runtime-ubuntu22.04`.
    pub image: Option<String>,
    /// A GPU by name (`RTX 5090`) or a capability (`sm_89`).
    pub gpu: Option<String>,
    /// A package: `torch`, `torch==2.8.0+cu126`, `tensorflow==2.18`, `jax[cuda12]`, `vllm==0.9`,
    /// `onnxruntime-gpu==1.19`.
    pub package: Option<String>,
}

/// A sentence of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about: `driver 535`.
    pub about: String,
    /// The fact, as a fragment.
    pub text: String,
    /// Where it was read; `None`: it follows from the others.
    pub source: Option<Source>,
}

/// Whether two things run together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// All of it works.
    Runs,
    /// It starts; some things do not work.
    RunsWithLimits,
    /// The tables cannot tell.
    CannotTell,
    /// It fails.
    DoesNotRun,
}

impl Verdict {
    /// The words for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::RunsWithLimits => "runs with limits",
            Self::CannotTell => "cannot tell",
            Self::DoesNotRun => "does not run",
        }
    }
}

/// The verdict on a pair of subjects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// One of them.
    pub one: String,
    /// The other.
    pub other: String,
    /// Whether they run together.
    pub verdict: Verdict,
    /// Why, with the error that is met.
    pub reason: String,
    /// Where it was read.
    pub source: Option<Source>,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What is known of each subject.
    pub facts: Vec<Fact>,
    /// The verdict on each pair.
    pub judgements: Vec<Judgement>,
}

impl Answer {
    /// The worst verdict; `None`: only one subject was asked about.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        self.judgements.iter().map(|judgement| judgement.verdict).max()
    }
}

/// Answers a question.
///
/// # Errors
/// The subject that is not in the tables, with similar ones that are.
pub fn answer(question: &Question) -> Result<Answer, NotKnown> {
    let subjects = Subjects::read(question)?;
    Ok(Answer { facts: facts::all(&subjects), judgements: pairs::all(&subjects) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(driver: &str, image: &str, gpu: &str, package: &str) -> Answer {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let question =
            Question { driver: some(driver), image: some(image), gpu: some(gpu), package: some(package) };
        answer(&question).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn pairs_are_judged() {
        use Verdict::{CannotTell, DoesNotRun, Runs, RunsWithLimits};
        let cases = [
            (("580", "nvidia/cuda:12.8.0-runtime-ubuntu22.04", "", ""), Some(Runs)),
            (("535", "nvidia/cuda:12.8.0-runtime-ubuntu22.04", "", ""), Some(RunsWithLimits)),
            (("535", "nvidia/cuda:13.0.1-base-ubuntu24.04", "", ""), Some(DoesNotRun)),
            (("535", "nvidia/cuda:11.8.0-base", "", ""), Some(DoesNotRun)),
            (("", "nvidia/cuda:12.4.1-devel-ubuntu22.04", "RTX 5090", ""), Some(RunsWithLimits)),
            (("", "nvidia/cuda:12.8.1-devel-ubuntu22.04", "RTX 5090", ""), Some(Runs)),
            (("", "nvidia/cuda:11.1.1-devel-ubuntu20.04", "RTX 4090", ""), Some(Runs)),
            (("", "nvidia/cuda:13.0.1-base-ubuntu24.04", "V100", ""), Some(DoesNotRun)),
            (("535", "", "", "torch==2.8"), Some(RunsWithLimits)),
            (("570", "", "", "torch==2.8"), Some(Runs)),
            (("570", "", "", "torch"), Some(DoesNotRun)),
            (("", "", "RTX 5090", "torch==2.6.0+cu124"), Some(DoesNotRun)),
            (("", "", "RTX 5090", "torch==2.8.0+cu128"), Some(Runs)),
            (("", "", "RTX 4090", "torch==2.8.0"), Some(Runs)),
            (("", "", "V100", "torch==2.12.0+cu130"), Some(DoesNotRun)),
            (("", "", "", "torch==2.8.0+cu124"), Some(DoesNotRun)),
            (("565", "", "RTX 5090", ""), Some(DoesNotRun)),
            (("580", "", "RTX 5090", ""), Some(Runs)),
            (("595", "", "GTX 1080", ""), Some(DoesNotRun)),
            (("515", "", "L4", ""), Some(CannotTell)),
            (("580", "", "V100", ""), Some(Runs)),
            (("535", "", "", "tensorflow==2.18.0"), Some(RunsWithLimits)),
            (("", "", "RTX 5090", ""), None),
            (("535", "", "", "vllm==0.9.1"), Some(RunsWithLimits)),
            (("515", "", "", "vllm==0.9.1"), Some(DoesNotRun)),
            (("", "", "V100", "vllm==0.21.0"), Some(DoesNotRun)),
            (("", "", "GTX 1080", "vllm==0.7.3"), Some(DoesNotRun)),
            (("", "nvidia/cuda:11.8.0-base-ubuntu22.04", "", "vllm==0.9.1"), Some(Runs)),
            (("535", "", "", "jax[cuda12]==0.5.3"), Some(RunsWithLimits)),
            (("570", "", "", "jax[cuda13]"), Some(DoesNotRun)),
            (("", "", "V100", "jax[cuda13]"), Some(DoesNotRun)),
            (("", "", "RTX 4090", "jax[cuda12]==0.5.3"), Some(CannotTell)),
            (("535", "", "", "onnxruntime-gpu"), Some(DoesNotRun)),
            (("535", "", "", "onnxruntime-gpu==1.18.1"), Some(Runs)),
            (("", "nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04", "", "onnxruntime-gpu==1.20.1"), Some(Runs)),
            (("", "nvidia/cuda:12.8.1-runtime-ubuntu24.04", "", "onnxruntime-gpu==1.20.1"), Some(DoesNotRun)),
            (
                ("", "nvidia/cuda:12.2.2-cudnn8-runtime-ubuntu22.04", "", "onnxruntime-gpu==1.20.1"),
                Some(DoesNotRun),
            ),
            (
                ("", "nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04", "", "onnxruntime-gpu==1.18.1"),
                Some(DoesNotRun),
            ),
            (("", "nvidia/cuda:12.8.1-base-ubuntu24.04", "", "tensorflow==2.18"), Some(DoesNotRun)),
            (("", "nvidia/cuda:12.8.1-base-ubuntu24.04", "", "tensorflow[and-cuda]==2.18"), Some(Runs)),
        ];
        for ((driver, image, gpu, package), expected) in cases {
            let answer = ask(driver, image, gpu, package);
            assert_eq!(answer.verdict(), expected, "{driver} {image} {gpu} {package}: {answer:#?}");
        }
    }

    #[test]
    fn every_subject_has_facts() {
        let answer = ask("535", "nvidia/cuda:12.8.0-runtime-ubuntu22.04", "RTX 5090", "torch==2.8");
        for about in ["driver 535", "nvidia/cuda:12.8.0-runtime-ubuntu22.04", "GeForce RTX 5090", "torch 2.8"]
        {
            assert!(answer.facts.iter().any(|fact| fact.about == about), "{about}: {answer:#?}");
        }
        assert_eq!(answer.judgements.len(), 6);
    }

    #[test]
    fn what_is_not_known_is_said() {
        let question = Question { gpu: Some("RTX 5071".into()), ..Question::default() };
        assert!(answer(&question).unwrap_err().to_string().contains("RTX 5071"));
        for image in [
            "ubuntu:22.04",
            "nvidia/cuda",
            "nvidia/cuda:latest",
            "nvidia/cuda:${TAG}",
            "nvidia/cuda:custom",
            "nvidia/cudagl:1.0.0-base",
        ] {
            let question = Question { image: Some(image.into()), ..Question::default() };
            assert!(answer(&question).is_err(), "{image}");
        }
        for package in [
            "numpy==1",
            "torch==99",
            "tensorflow",
            "torch==2.8.0+cuXX",
            "jax",
            "jax==0.5",
            "vllm==0.1",
            "onnxruntime",
        ] {
            let question = Question { package: Some(package.into()), ..Question::default() };
            assert!(answer(&question).is_err(), "{package}");
        }
        for driver in ["new", "", "12"] {
            let question = Question { driver: Some(driver.into()), ..Question::default() };
            assert!(answer(&question).is_err(), "{driver}");
        }
    }
}
