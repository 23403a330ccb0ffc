// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/quantized_product.h"

namespace gradwright {

/// The integers that activations become.
enum class ByteKind {
    Unsigned, ///< U8 with a zero point, which is 0 where no value is negative
    Signed,   ///< U8 without a zero point where no value is negative, else I8 without one
};

struct ValueRange {
    double least = 0, most = 0; ///< 0 lies between them
};

/// The integers that cover a range.
Quantization quantizationFor(const ValueRange& range, ByteKind kind);

} // namespace gradwright
