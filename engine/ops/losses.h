// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/loss_kinds.h"
#include "engine/ops/value_type.h"

namespace gradwright {

/// Class index → vector of `classes` elements with a single 1. No gradient.
struct OneHotOp {
    std::int64_t classes = 1;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const OneHotOp&) const = default;
};

// Losses: (prediction, target) → per-sample loss N×1. But for the mean squared error, the target
// gets no gradient.

/// (logits [K], class index or probabilities [K]) → -Σ_k q_k w_k (1 - p_k)^focusing log p_k with p
/// = softmax(logits). q is the target, one-hot for a class, mixed with `labelSmoothing` of the
/// uniform distribution (Szegedy et al. 2016, section 7); w are the class weights, 1 where none are
/// given; with `focusing` above 0 it is the focal loss (Lin et al. 2017).
struct SoftmaxCrossEntropyOp {
    double labelSmoothing = 0;
    double focusing = 0;
    std::vector<double> classWeights{}; ///< none, or K
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const SoftmaxCrossEntropyOp&) const = default;
};

/// (prediction, target of the same shape), element by element.
struct ElementLossOp {
    ElementLossKind kind = ElementLossKind::AbsoluteError;
    double parameter = 1; ///< δ of Huber, w of BinaryCrossEntropy
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const ElementLossOp&) const = default;
};

/// (scores [K], class index y) → Σ_{k ≠ y} max(0, margin - x_y + x_k) / K, or of its squares
/// (Crammer, Singer 2001, in PyTorch's form multi_margin_loss).
struct HingeLossOp {
    double margin = 1;
    bool squared = false;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const HingeLossOp&) const = default;
};

/// (prediction, target of the same shape) → 1 - x·t / max(|x| |t|, 1e-8).
struct CosineLossOp {
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const CosineLossOp&) const = default;
};

/// (prediction, target of the same shape) → per-sample loss [1]: mean of squared differences.
struct MeanSquaredErrorOp {
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const MeanSquaredErrorOp&) const = default;
};

} // namespace gradwright
