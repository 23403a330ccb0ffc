// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gradwright::cuda {

/// A kernel of the device code: the family whose image holds it and its name there, typed by its
/// arguments.
template <class Signature>
struct KernelName;
template <class... P>
struct KernelName<void(P...)> {
    const char* family;
    const char* name;
};

} // namespace gradwright::cuda

// A family lists its kernels once, in its header: X(family, name, (parameters), (arguments)) each.
// From that list come the kernels in the family's image and, by this, their names for the host.
#define GRADWRIGHT_DECLARE_KERNEL(family, name, parameters, arguments)                             \
    inline constexpr KernelName<void parameters> name{#family, "gw_" #name};
