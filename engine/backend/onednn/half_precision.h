// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gradwright::onednn {

/// How bfloat16 products are computed: by instructions of the processor, or in FP32 on operands
/// that were rounded to bfloat16 before, which gives the same numbers up to the order of the sums.
enum class HalfSupport { Emulated, Native };

HalfSupport halfSupport();

} // namespace gradwright::onednn
