//! GPU instances and compute instances: the two halves of a MIG device, as tools that name profiles ask
//! for them.

use crate::abi::DeviceHandle;
use crate::answers::Answer;
use crate::codes::Code;
use crate::session::{Device, Handle, Session};
use crate::structs::{
    ComputeInstanceInfo, ComputeInstanceProfile, GpuInstanceInfo, GpuInstanceProfile, Placement,
};
use sim_facts::{GpuFacts, MigDeviceFacts};

/// Marks of the handles: the MIG device's own handle is below.
const GPU_INSTANCE: Handle = 1 << 24;
const COMPUTE_INSTANCE: Handle = 1 << 25;

/// `NVML_GPU_INSTANCE_PROFILE_*` and `NVML_COMPUTE_INSTANCE_PROFILE_*`, by position: slices, and the id
/// that an H100 gives the profile.
const PROFILES: [(u32, u32); 5] = [(1, 19), (2, 14), (3, 9), (4, 5), (7, 0)];
/// `NVML_GPU_INSTANCE_PROFILE_1_SLICE_GFX` and its siblings: slices and id.
const GRAPHICS: [(u32, u32, u32); 3] = [(0x0a, 1, 47), (0x0b, 2, 35), (0x0c, 4, 32)];

/// The GPU instance of a GPU with an id.
pub(crate) fn gpu_instance(session: &Session, gpu: Handle, id: u32) -> Answer<Handle> {
    let found = devices(session, gpu)?.into_iter().find(|(_, device)| device.gpu_instance == id);
    found.map(|(handle, _)| handle | GPU_INSTANCE).ok_or(Code::NOT_FOUND)
}

/// The compute instance of a GPU instance with an id.
pub(crate) fn compute_instance(session: &Session, instance: Handle, id: u32) -> Answer<Handle> {
    let (first, gpu) = (of(session, instance, GPU_INSTANCE)?.1, session.parent(instance & !GPU_INSTANCE)?);
    let same =
        |device: &MigDeviceFacts| device.gpu_instance == first.gpu_instance && device.compute_instance == id;
    let found = devices(session, gpu)?.into_iter().find(|(_, device)| same(device));
    found.map(|(handle, _)| handle | COMPUTE_INSTANCE).ok_or(Code::NOT_FOUND)
}

/// `nvmlGpuInstanceGetInfo`.
pub(crate) fn gpu_instance_info(session: &Session, instance: Handle) -> Answer<GpuInstanceInfo> {
    let device = of(session, instance, GPU_INSTANCE)?.1;
    Ok(GpuInstanceInfo {
        device: DeviceHandle::from_number(session.parent(instance & !GPU_INSTANCE)?),
        id: device.gpu_instance,
        profile: profile_id(device),
        placement: Placement { start: device.gpu_instance % 8, size: device.gpu_slices },
    })
}

/// `nvmlComputeInstanceGetInfo_v2`.
pub(crate) fn compute_instance_info(session: &Session, instance: Handle) -> Answer<ComputeInstanceInfo> {
    let device = of(session, instance, COMPUTE_INSTANCE)?.1;
    let handle = instance & !COMPUTE_INSTANCE;
    let gpu = session.parent(handle)?;
    let position = PROFILES.iter().position(|(slices, _)| *slices == device.compute_slices);
    Ok(ComputeInstanceInfo {
        device: DeviceHandle::from_number(gpu),
        gpu_instance: DeviceHandle::from_number(gpu_instance(session, gpu, device.gpu_instance)?),
        id: device.compute_instance,
        profile: position.and_then(|position| u32::try_from(position).ok()).ok_or(Code::UNKNOWN)?,
        placement: Placement { start: device.compute_instance, size: device.compute_slices },
    })
}

/// `nvmlDeviceGetGpuInstanceProfileInfo`: what a GPU can be cut into.
pub(crate) fn gpu_instance_profile(device: Device<'_>, profile: u32) -> Answer<GpuInstanceProfile> {
    let able = device.gpu().mig.as_ref().ok_or(Code::NOT_SUPPORTED)?;
    let plain = usize::try_from(profile).ok().and_then(|position| PROFILES.get(position)).copied();
    let graphics =
        GRAPHICS.iter().find(|(number, ..)| *number == profile).map(|(_, slices, id)| (*slices, *id));
    let (slices, id) = plain.or(graphics).ok_or(Code::NOT_SUPPORTED)?;
    let example = able.devices.iter().find(|device| profile_id(device) == id);
    if graphics.is_some() && example.is_none() {
        return Err(Code::NOT_SUPPORTED);
    }
    Ok(GpuInstanceProfile {
        id,
        slices,
        instances: able.max_devices / slices,
        multiprocessors: example.map_or(0, |device| device.multiprocessors),
        copy_engines: slices,
        decoders: slices,
        jpegs: slices,
        memory_mib: example.map_or(0, |device| device.memory_mib),
        ..GpuInstanceProfile::default()
    })
}

/// `nvmlGpuInstanceGetComputeInstanceProfileInfo`: what a GPU instance can be cut into.
pub(crate) fn compute_instance_profile(
    session: &Session,
    instance: Handle,
    profile: u32,
    engine: u32,
) -> Answer<ComputeInstanceProfile> {
    let device = of(session, instance, GPU_INSTANCE)?.1;
    let known = usize::try_from(profile).ok().and_then(|position| PROFILES.get(position));
    let (slices, _) = known.filter(|_| engine == 0).ok_or(Code::NOT_SUPPORTED)?;
    if *slices > device.gpu_slices {
        return Err(Code::NOT_SUPPORTED);
    }
    Ok(ComputeInstanceProfile {
        id: profile,
        slices: *slices,
        instances: device.gpu_slices / slices,
        multiprocessors: device.multiprocessors * slices / device.compute_slices.max(1),
        ..ComputeInstanceProfile::default()
    })
}

fn profile_id(device: &MigDeviceFacts) -> u32 {
    let slices = device.gpu_slices;
    let graphics = GRAPHICS.iter().find(|(_, known, _)| *known == slices && device.profile.ends_with("+gfx"));
    let plain = PROFILES.iter().find(|(known, _)| *known == slices).map_or(0, |(_, id)| *id);
    graphics.map_or(plain, |(_, _, id)| *id)
}

/// The visible MIG devices of a GPU, with their handles.
fn devices(session: &Session, gpu: Handle) -> Answer<Vec<(Handle, &MigDeviceFacts)>> {
    let Device::Gpu(GpuFacts { mig, .. }) = session.device(gpu)? else { return Err(Code::INVALID_ARGUMENT) };
    let able = mig.as_ref().ok_or(Code::NOT_SUPPORTED)?;
    let handles = (0..able.max_devices).filter_map(|index| session.mig_handle(gpu, index).ok());
    Ok(handles.filter_map(|handle| Some((handle, session.device(handle).ok()?.mig().ok()?))).collect())
}

/// The MIG device below a handle with a mark.
fn of(session: &Session, instance: Handle, mark: Handle) -> Answer<(Handle, &MigDeviceFacts)> {
    if instance & (GPU_INSTANCE | COMPUTE_INSTANCE) != mark {
        return Err(Code::INVALID_ARGUMENT);
    }
    let handle = instance & !mark;
    Ok((handle, session.device(handle)?.mig()?))
}
