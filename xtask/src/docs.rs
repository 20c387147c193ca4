//! `cargo xtask docs`: writes the generated pages of `docs/`.

use diag::{Result, ResultExt};

/// The command.
pub(crate) fn run() -> Result<()> {
    let touched = house::pages::write().context("cannot write a page of docs/")?;
    match touched.as_slice() {
        [] => println!("all generated pages are fresh"),
        pages => pages.iter().for_each(|page| println!("{page}")),
    }
    Ok(())
}
