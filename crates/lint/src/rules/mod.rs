//! The rules: one folder each, one line each in [`ALL`].
//!
//! A rule's folder holds `mod.rs` with `pub(crate) const RULE` and `doc.md`, whose fenced blocks
//! marked `bad`, `good` and `fixed` are its tests.

pub(crate) use g990_unused_ignore::RULE as G990;
pub(crate) use g991_unknown_rule_in_ignore::RULE as G991;

mod arch_list;
mod compose_edits;
mod driver_capabilities;
mod g101_floating_gpu_tag;
mod g102_cuda_latest_missing;
mod g103_cuda_tag_eol;
mod g104_cuda_tag_removed;
mod g107_base_system_ended;
mod g110_no_python_in_base;
mod g111_pep668;
mod g112_wheels_on_alpine;
mod g116_driver_too_old;
mod g118_pip_option_unknown;
mod g119_python_package_missing;
mod g201_torch_default_cuda;
mod g202_torch_index_cpu;
mod g203_torch_wheel_missing;
mod g204_index_suffix_unknown;
mod g205_torch_clobbered;
mod g206_extra_index_shadowed;
mod g207_torch_reinstalled;
mod g209_tensorflow_gpu_package;
mod g211_compile_without_nvcc;
mod g212_build_isolation;
mod g213_cudnn_abi;
mod g215_abandoned_bindings;
mod g216_conda_pytorch_channel;
mod g218_torch_backend_auto;
mod g220_llama_cpp_old_option;
mod g223_onnxruntime_twice;
mod g225_version_redirected;
mod g226_local_version_without_index;
mod g227_conda_forge_cpu_build;
mod g301_driver_in_image;
mod g302_cuda_metapackage;
mod g303_cuda_repo_old_key;
mod g306_kernel_module_in_build;
mod g309_gpu_at_build;
mod g401_caps_missing_compute;
mod g402_caps_unknown;
mod g405_ld_path_clobber;
mod g406_stubs_in_path;
mod g407_compat_in_path;
mod g409_cuda_visible_baked;
mod g502_arch_unsupported_by_toolkit;
mod g505_arch_list_syntax;
mod g507_wheel_lacks_gpu;
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
mod g727_gpu_service_without_cuda_torch;
mod g728_engine_too_old;
mod g729_environment_quotes;
mod g730_service_caps_unknown;
mod g731_request_capabilities;
mod g732_count_of_none;
mod g733_build_arg_arch_list;
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
mod g824_pod_caps_unknown;
mod g825_plugin_overridden;
mod g826_privileged_with_limit;
mod g901_host_needs_gpu;
mod g902_run_args_need_gpu;
mod g903_run_args_shape;
mod g904_run_args_with_compose;
mod g905_gpu_ids_unquoted;
mod g906_gpus_behind_image;
mod g907_nvidia_docker_command;
mod g908_run_image_missing;
mod g910_devcontainer_image_missing;
mod g911_gpus_option_form;
mod g912_run_caps_unknown;
mod g913_smi_on_musl;
mod g914_run_cdi_device_form;
mod g990_unused_ignore;
mod g991_unknown_rule_in_ignore;
mod g999_syntax_error;

/// The rule that speaks where a file could not be looked at.
pub(crate) use g999_syntax_error::RULE as NOT_READ;
mod missing_tag;

use crate::rule::Rule;

/// Every rule in the order of its code.
pub static ALL: &[Rule] = &[
    g101_floating_gpu_tag::RULE,
    g102_cuda_latest_missing::RULE,
    g103_cuda_tag_eol::RULE,
    g104_cuda_tag_removed::RULE,
    g107_base_system_ended::RULE,
    g110_no_python_in_base::RULE,
    g111_pep668::RULE,
    g112_wheels_on_alpine::RULE,
    g116_driver_too_old::RULE,
    g118_pip_option_unknown::RULE,
    g119_python_package_missing::RULE,
    g201_torch_default_cuda::RULE,
    g202_torch_index_cpu::RULE,
    g203_torch_wheel_missing::RULE,
    g204_index_suffix_unknown::RULE,
    g205_torch_clobbered::RULE,
    g206_extra_index_shadowed::RULE,
    g207_torch_reinstalled::RULE,
    g209_tensorflow_gpu_package::RULE,
    g211_compile_without_nvcc::RULE,
    g212_build_isolation::RULE,
    g213_cudnn_abi::RULE,
    g215_abandoned_bindings::RULE,
    g216_conda_pytorch_channel::RULE,
    g218_torch_backend_auto::RULE,
    g220_llama_cpp_old_option::RULE,
    g223_onnxruntime_twice::RULE,
    g225_version_redirected::RULE,
    g226_local_version_without_index::RULE,
    g227_conda_forge_cpu_build::RULE,
    g301_driver_in_image::RULE,
    g302_cuda_metapackage::RULE,
    g303_cuda_repo_old_key::RULE,
    g306_kernel_module_in_build::RULE,
    g309_gpu_at_build::RULE,
    g401_caps_missing_compute::RULE,
    g402_caps_unknown::RULE,
    g405_ld_path_clobber::RULE,
    g406_stubs_in_path::RULE,
    g407_compat_in_path::RULE,
    g409_cuda_visible_baked::RULE,
    g502_arch_unsupported_by_toolkit::RULE,
    g505_arch_list_syntax::RULE,
    g507_wheel_lacks_gpu::RULE,
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
    g727_gpu_service_without_cuda_torch::RULE,
    g728_engine_too_old::RULE,
    g729_environment_quotes::RULE,
    g730_service_caps_unknown::RULE,
    g731_request_capabilities::RULE,
    g732_count_of_none::RULE,
    g733_build_arg_arch_list::RULE,
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
    g824_pod_caps_unknown::RULE,
    g825_plugin_overridden::RULE,
    g826_privileged_with_limit::RULE,
    g901_host_needs_gpu::RULE,
    g902_run_args_need_gpu::RULE,
    g903_run_args_shape::RULE,
    g904_run_args_with_compose::RULE,
    g905_gpu_ids_unquoted::RULE,
    g906_gpus_behind_image::RULE,
    g907_nvidia_docker_command::RULE,
    g908_run_image_missing::RULE,
    g910_devcontainer_image_missing::RULE,
    g911_gpus_option_form::RULE,
    g912_run_caps_unknown::RULE,
    g913_smi_on_musl::RULE,
    g914_run_cdi_device_form::RULE,
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
