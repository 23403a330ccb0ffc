// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/byte_scaling.h"

#include <cstddef>

namespace gradwright::onednn {

/// out = a + b; any of them may be the same array.
void addInto(float* out, const float* a, const float* b, std::size_t size);
/// x *= factor, elementwise.
void multiplyInto(float* x, const float* factor, std::size_t size);
void copyBytes(std::byte* target, const std::byte* source, std::size_t size);
/// The values that the bytes of samples stand for.
void scaleSamples(float* out, const std::uint8_t* bytes, const ByteScaling& scaling,
                  std::size_t samples, std::size_t elements);
void zeroBytes(std::byte* target, std::size_t size);
/// The sum of squares of one piece, summed in double in a fixed order.
double sumOfSquares(const float* x, std::size_t size);

/// The first `length` bytes of each row of [rows, inWidth], one after the other.
void copyRuns(std::byte* out, const std::byte* in, std::size_t inWidth, std::size_t rows,
              std::size_t length);
/// The first `columns` of [rows, inWidth] into [rows, outWidth], zeros beside them.
void copyColumns(float* out, std::size_t outWidth, const float* in, std::size_t inWidth,
                 std::size_t rows, std::size_t columns);

} // namespace gradwright::onednn
