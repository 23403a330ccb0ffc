// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

namespace gradwright::onednn {

/// How bfloat16 products are computed: by instructions of the processor, or in FP32 on operands
/// that were rounded to bfloat16 before, which gives the same numbers up to the order of the sums.
enum class Bf16Support { Emulated, Native };

Bf16Support bf16Support();

/// Whether convolutions take longer in bfloat16 than in FP32 although the processor has the
/// instructions. So on a Xeon with AMX: oneDNN uses its tiles for channels last only, and our
/// values lie in blocks of channels (docs/performance.md).
bool isBf16Slower();

/// Whether oneDNN has fast bfloat16 primitives here. Without the processor's instructions it makes
/// them of others, slower than FP32.
bool hasBf16Primitives();
/// For tests: programs that are compiled from now on take the processor to support that; nothing:
/// as it is. Native wants hasBf16Primitives().
void pretendBf16Support(std::optional<Bf16Support> support);

} // namespace gradwright::onednn
