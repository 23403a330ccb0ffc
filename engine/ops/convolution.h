// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/extents.h"
#include "engine/ops/value_type.h"

namespace gradwright {

// "Positions" are the one, two or three axes after the channels: steps of a sequence, rows and
// columns of an image, or slices, rows and columns of a volume. Weights are listed in order.

/// Cross-correlation. C×positions → outChannels×positions'. Weights: kernel [outChannels, C/groups,
/// …kernel], then bias [outChannels] when `bias`.
struct ConvOp {
    std::int64_t outChannels = 1;
    Extents kernel{}, stride{}, dilation{}; ///< dilation 1 = dense
    Padding padding{};
    std::int64_t groups = 1;
    bool bias = true;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const ConvOp&) const = default;
};

/// The adjoint of a ConvOp: C×positions → outChannels×positions', where each input element adds the
/// kernel, weighed by it, to the output. Length along an axis: (in - 1)·stride - padding +
/// (kernel - 1)·dilation + 1 + outputPadding. Weights: kernel [C, outChannels/groups, …kernel],
/// then bias [outChannels] when `bias`.
struct ConvTransposeOp {
    std::int64_t outChannels = 1;
    Extents kernel{}, stride{}, dilation{};
    Padding padding{};       ///< taken off the output
    Padding outputPadding{}; ///< rows that no kernel reaches, only after; less than the stride
    std::int64_t groups = 1;
    bool bias = true;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const ConvTransposeOp&) const = default;
};

/// Output length along one axis: floor((in + pad - ((kernel - 1)·dilation + 1)) / stride) + 1, or a
/// value < 1 when the kernel does not fit.
std::int64_t windowOutput(std::int64_t in, std::int64_t kernel, std::int64_t stride,
                          std::int64_t padding, std::int64_t dilation = 1);

} // namespace gradwright
