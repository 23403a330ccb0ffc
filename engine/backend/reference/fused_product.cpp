// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/element_functions.h"
#include "engine/backend/reference/kernel.h"

#include <array>

namespace gradwright::reference {
namespace {

/// The product, then each element of its result.
template <class T>
class FusedProductKernel final : public Kernel<T> {
public:
    FusedProductKernel(const FusedProductOp& op, const Frame<T>& frame)
        : product_(
              std::visit([&](const auto& inner) { return makeKernel(inner, frame); }, op.product))
        , adds_(op.adds)
        , activation_{op.activation} {}

    void forward(const Frame<T>& frame) override {
        product_->forward(frame);
        for (std::size_t i = 0; i < frame.output.size(); ++i) {
            const std::array<T, 1> x{frame.output[i] + (adds_ ? frame.inputs[1][i] : T{0})};
            frame.output[i] = elementOf(activation_, std::span<const T>(x));
        }
    }

private:
    KernelPtr<T> product_;
    bool adds_;
    ActivationOp activation_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const FusedProductOp& op, const Frame<T>& frame) {
    return std::make_unique<FusedProductKernel<T>>(op, frame);
}
GRADWRIGHT_REFERENCE_KERNEL(FusedProductOp);

} // namespace gradwright::reference
