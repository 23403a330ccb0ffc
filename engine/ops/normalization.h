// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/value_type.h"

namespace gradwright {

/// Ioffe, Szegedy 2015, over batch and positions, for each channel (axis 1). In training with the
/// batch's biased variance; in inference with the running statistics, which move by `momentum`
/// towards the batch's mean and unbiased variance at each update (PyTorch's convention).
/// Weights: scale, shift, running_mean, running_variance, each [C].
struct BatchNormOp {
    double epsilon = 1e-5;
    double momentum = 0.1;
    /// In training, too, with the running statistics, which then stay as they are: see
    /// fixStatistics(), which backends rely on.
    bool fixed = false;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const BatchNormOp&) const = default;
};

/// Brings groups of values within a sample to mean 0 and variance 1: y = (x - mean) /
/// sqrt(variance + epsilon) · scale + shift, with the biased variance; without `centre`, x /
/// sqrt(mean of x² + epsilon) · scale. A group is what the axes from `axis` on hold, or one of
/// `groups` equal parts of that. Layer normalization (Ba, Kiros, Hinton 2016) has one group, group
/// normalization (Wu, He 2018) several along the channels, instance normalization (Ulyanov et al.
/// 2016) one per channel, RMS normalization (Zhang, Sennrich 2019) no centre. Weights: scale when
/// `scale`, then shift when `shift`, each of [channels] when `perChannel`, else of the shape
/// of the axes from `axis` on.
struct NormalizeOp {
    std::int64_t axis = 1;
    std::int64_t groups = 1;
    bool perChannel = false; ///< only with axis 1
    bool centre = true;
    double epsilon = 1e-5;
    bool scale = true;
    bool shift = true;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const NormalizeOp&) const = default;
};

/// x / (k + alpha / size · Σ x²)^beta, where the sum runs over `size` neighbouring channels at the
/// same position, (size - 1) / 2 of them (rounded up) before it (Krizhevsky, Sutskever, Hinton
/// 2012; alpha is divided by the size as in PyTorch and ONNX).
struct LocalResponseNormOp {
    std::int64_t size = 5;
    double alpha = 1e-4, beta = 0.75, k = 1.0;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const LocalResponseNormOp&) const = default;
};

} // namespace gradwright
