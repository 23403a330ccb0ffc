// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/fake_quantize.h"

#include "engine/backend/reference/kernel.h"
#include "engine/ops/integers.h"

#include <algorithm>
#include <cmath>

namespace gradwright::reference {
namespace {

template <class T>
class FakeQuantizeKernel final : public Kernel<T> {
public:
    explicit FakeQuantizeKernel(const FakeQuantizeOp& op)
        : range_(rangeOf(op.to)) {}

    void forward(const Frame<T>& frame) override {
        const T scale = frame.inputs[1][0];
        const T zero = frame.inputs[2][0];
        for (std::size_t i = 0; i < frame.output.size(); ++i) {
            const T integer = std::nearbyint(frame.inputs[0][i] / scale) + zero;
            frame.output[i] =
                (std::clamp(integer, static_cast<T>(range_.least), static_cast<T>(range_.most)) -
                 zero) *
                scale;
        }
    }

private:
    IntegerRange range_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const FakeQuantizeOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<FakeQuantizeKernel<T>>(op);
}
GRADWRIGHT_REFERENCE_KERNEL(FakeQuantizeOp);

} // namespace gradwright::reference
