// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/checks.h"
#include "engine/ops/extents.h"

namespace gradwright::checks {

// What convolutions and pooling have in common.

/// The shape of a sample of channels × one to three axes of positions.
Shape requireChannels(std::string_view op, InputTypes inputs);
void requireWindow(std::string_view op, InputTypes inputs, const Extents& kernel,
                   const Extents& stride, const Extents& dilation, const Padding& padding);
/// channels × the positions where the kernel fits.
Shape windowShape(std::string_view op, InputTypes inputs, std::int64_t channels,
                  const Extents& kernel, const Extents& stride, const Padding& padding,
                  const Extents& dilation);

} // namespace gradwright::checks
