//! The library's one piece of state: the session, and how often it was started.

use crate::abi;
use crate::answers::Answer;
use crate::codes::Code;
use crate::nodes;
use crate::session::{Device, Handle, Session};
use sim_facts::NvmlFault;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

struct Started {
    session: Session,
    /// NVML counts starts: as many ends take it down.
    times: u32,
}

static STATE: Mutex<Option<Started>> = Mutex::new(None);

/// Starts the session, or counts one more start. Faults of the description happen here.
pub(crate) fn initialize() -> Answer<()> {
    let facts = abi::facts().ok_or(Code::UNKNOWN)?;
    match facts.fault {
        NvmlFault::None => {}
        NvmlFault::Error(code) => return Err(Code(code)),
        NvmlFault::Hang => hang(),
        NvmlFault::Crash => std::process::abort(),
    }
    sleep(Duration::from_millis(facts.latency_ms));
    let mut state = state();
    if let Some(started) = state.as_mut() {
        started.times = started.times.saturating_add(1);
        return Ok(());
    }
    *state = Some(Started { session: Session::start(facts, nodes::open_live)?, times: 1 });
    Ok(())
}

/// Undoes one start.
pub(crate) fn shutdown() -> Answer<()> {
    let mut state = state();
    let started = state.as_mut().ok_or(Code::UNINITIALIZED)?;
    started.times -= 1;
    if started.times == 0 {
        *state = None;
    }
    Ok(())
}

/// Asks the session.
pub(crate) fn query<T>(question: impl FnOnce(&Session) -> Answer<T>) -> Answer<T> {
    let state = state();
    let session = &state.as_ref().ok_or(Code::UNINITIALIZED)?.session;
    question(session)
}

/// Opens a device: where a slow driver takes its time.
pub(crate) fn open_device(question: impl FnOnce(&Session) -> Answer<Handle>) -> Answer<abi::DeviceHandle> {
    query(|session| {
        sleep(Duration::from_millis(session.facts.latency_ms));
        question(session).map(abi::DeviceHandle::from_number)
    })
}

/// Asks about one device.
pub(crate) fn query_device<T>(handle: Handle, question: impl FnOnce(Device<'_>) -> Answer<T>) -> Answer<T> {
    query(|session| question(session.device(handle)?))
}

fn hang() -> ! {
    loop {
        sleep(Duration::from_secs(3600));
    }
}

/// The state. No question panics while holding it; should one, the state itself is still whole.
fn state() -> MutexGuard<'static, Option<Started>> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}
