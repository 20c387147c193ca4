//! The rules: one folder each, one line each in [`ALL`].
//!
//! A rule's folder holds `mod.rs` with `pub(crate) const RULE` and `doc.md`, whose fenced blocks
//! marked `bad`, `good` and `fixed` are its tests.

pub(crate) use g990_unused_ignore::RULE as G990;
pub(crate) use g991_unknown_rule_in_ignore::RULE as G991;

mod compose_edits;
mod g102_cuda_latest_missing;
mod g104_cuda_tag_removed;
mod g110_no_python_in_base;
mod g111_pep668;
mod g201_torch_default_cuda;
mod g203_torch_wheel_missing;
mod g204_index_suffix_unknown;
mod g205_torch_clobbered;
mod g206_extra_index_shadowed;
mod g211_compile_without_nvcc;
mod g213_cudnn_abi;
mod g301_driver_in_image;
mod g302_cuda_metapackage;
mod g401_caps_missing_compute;
mod g405_ld_path_clobber;
mod g406_stubs_in_path;
mod g502_arch_unsupported_by_toolkit;
mod g701_version_obsolete;
mod g702_no_gpu_request;
mod g703_capabilities_missing;
mod g704_neither_count_nor_ids;
mod g705_count_and_ids;
mod g706_request_shape;
mod g708_gpu_shared;
mod g709_runtime_without_devices;
mod g710_cdi_device_form;
mod g711_unknown_device_driver;
mod g712_raw_device_nodes;
mod g714_shm_too_small;
mod g719_privileged_with_chosen_gpus;
mod g721_visible_devices_out_of_range;
mod g724_build_target_missing;
mod g725_misplaced_key;
mod g726_compose_image_missing;
mod g801_gpu_only_in_requests;
mod g802_request_differs_from_limit;
mod g803_fractional_gpu;
mod g804_wrong_resource_name;
mod g805_mig_resource_name;
mod g814_claim_request_form;
mod g817_quota_without_prefix;
mod g820_pod_visible_devices_out_of_range;
mod g821_gpu_by_default;
mod g822_amount_is_no_amount;
mod g823_pod_image_missing;
mod g990_unused_ignore;
mod g991_unknown_rule_in_ignore;
mod g999_syntax_error;
mod missing_tag;

use crate::rule::Rule;

/// Every rule in the order of its code.
pub static ALL: &[Rule] = &[
    g102_cuda_latest_missing::RULE,
    g104_cuda_tag_removed::RULE,
    g110_no_python_in_base::RULE,
    g111_pep668::RULE,
    g201_torch_default_cuda::RULE,
    g203_torch_wheel_missing::RULE,
    g204_index_suffix_unknown::RULE,
    g205_torch_clobbered::RULE,
    g206_extra_index_shadowed::RULE,
    g211_compile_without_nvcc::RULE,
    g213_cudnn_abi::RULE,
    g301_driver_in_image::RULE,
    g302_cuda_metapackage::RULE,
    g401_caps_missing_compute::RULE,
    g405_ld_path_clobber::RULE,
    g406_stubs_in_path::RULE,
    g502_arch_unsupported_by_toolkit::RULE,
    g701_version_obsolete::RULE,
    g702_no_gpu_request::RULE,
    g703_capabilities_missing::RULE,
    g704_neither_count_nor_ids::RULE,
    g705_count_and_ids::RULE,
    g706_request_shape::RULE,
    g708_gpu_shared::RULE,
    g709_runtime_without_devices::RULE,
    g710_cdi_device_form::RULE,
    g711_unknown_device_driver::RULE,
    g712_raw_device_nodes::RULE,
    g714_shm_too_small::RULE,
    g719_privileged_with_chosen_gpus::RULE,
    g721_visible_devices_out_of_range::RULE,
    g724_build_target_missing::RULE,
    g725_misplaced_key::RULE,
    g726_compose_image_missing::RULE,
    g801_gpu_only_in_requests::RULE,
    g802_request_differs_from_limit::RULE,
    g803_fractional_gpu::RULE,
    g804_wrong_resource_name::RULE,
    g805_mig_resource_name::RULE,
    g814_claim_request_form::RULE,
    g817_quota_without_prefix::RULE,
    g820_pod_visible_devices_out_of_range::RULE,
    g821_gpu_by_default::RULE,
    g822_amount_is_no_amount::RULE,
    g823_pod_image_missing::RULE,
    g990_unused_ignore::RULE,
    g991_unknown_rule_in_ignore::RULE,
    g999_syntax_error::RULE,
];

/// The rule with this code (`G102`) or name (`cuda-latest-missing`), letter case ignored.
#[must_use]
pub fn find(code_or_name: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| {
        rule.code.as_str().eq_ignore_ascii_case(code_or_name) || rule.name.eq_ignore_ascii_case(code_or_name)
    })
}
