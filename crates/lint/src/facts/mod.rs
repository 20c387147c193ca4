//! What several rules want to know of a stage: its base, what may have changed it unseen, where
//! its packages come from.

pub(crate) mod base;
pub(crate) mod channels;
pub(crate) mod edit;
pub(crate) mod torch;
pub(crate) mod unseen;
