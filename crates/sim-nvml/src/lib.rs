//! The simulated `libnvidia-ml.so`: the NVML interface over facts carried in its own file.
//!
//! It reads no environment variable and no file. Which GPUs it shows depends on two things alone:
//! the [facts](sim_facts::Facts) that `sim` put into this very file, and which device nodes this
//! process may open. A container start that forgets a node shows one GPU fewer, as it would with
//! the real library.

mod abi;
mod answers;
mod codes;
mod instances;
mod library;
mod nodes;
mod session;
mod structs;
