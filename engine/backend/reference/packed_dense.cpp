// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/packed_dense.h"

#include "engine/backend/reference/element_functions.h"
#include "engine/backend/reference/kernel.h"

#include <array>

namespace gradwright::reference {
namespace {

template <class T>
class PackedDenseKernel final : public Kernel<T> {
public:
    explicit PackedDenseKernel(const PackedDenseOp& op)
        : op_(op)
        , activation_{op.activation} {}

    void forward(const Frame<T>& frame) override {
        const auto rows = static_cast<std::int64_t>(frame.output.size()) / op_.units;
        for (std::int64_t row = 0; row < rows; ++row)
            for (std::int64_t unit = 0; unit < op_.units; ++unit) {
                const auto at = indexOf(op_.units, row, unit);
                T sum = op_.bias ? frame.weights[1][static_cast<std::size_t>(unit)] : T{0};
                for (std::int64_t f = 0; f < op_.features; ++f)
                    sum +=
                        weightOf(frame, unit, f) * frame.inputs[0][indexOf(op_.features, row, f)];
                const std::array<T, 1> x{sum + (op_.adds ? frame.inputs[1][at] : T{0})};
                frame.output[at] = elementOf(activation_, std::span<const T>(x));
            }
    }

private:
    T weightOf(const Frame<T>& frame, std::int64_t unit, std::int64_t feature) const {
        const auto byte = frame.weights[0][indexOf(op_.rowBytes(), unit, feature / 2)];
        const auto scale = op_.scales[indexOf(op_.groups(), unit, feature / op_.group)];
        return static_cast<T>(unpackedInteger(static_cast<std::int8_t>(byte), feature % 2 == 1)) *
               static_cast<T>(scale);
    }

    PackedDenseOp op_;
    ActivationOp activation_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const PackedDenseOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<PackedDenseKernel<T>>(op);
}
GRADWRIGHT_REFERENCE_KERNEL(PackedDenseOp);

} // namespace gradwright::reference
