//! How a further process of the simulation gets its orders: through a pipe that its launcher keeps open
//! as long as it lives.

use super::system;
use diag::{Result, ResultExt};
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::Read;

/// Reads the orders from the descriptor of that number, and gives them with the pipe, which ends when
/// the launcher does.
pub(super) fn take<T: DeserializeOwned>(descriptor: &str) -> Result<(T, File)> {
    let number = descriptor.parse().context("a part of the simulation was started by hand")?;
    let mut pipe = system::inherited(number);
    let mut length = [0; 8];
    pipe.read_exact(&mut length).context("the launcher of the simulation is gone")?;
    let mut text = Vec::new();
    let mut part = Read::by_ref(&mut pipe).take(u64::from_le_bytes(length));
    part.read_to_end(&mut text).context("the launcher of the simulation is gone")?;
    let orders = serde_json::from_slice(&text).context("the orders of the simulation make no sense")?;
    Ok((orders, pipe))
}
