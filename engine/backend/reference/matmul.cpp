// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/broadcast.h"

namespace gradwright::reference {
namespace {

template <class T>
class MatMulKernel final : public Kernel<T> {
public:
    explicit MatMulKernel(const MatMulOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        const auto a = frame.inputShape(0);
        const auto b = frame.inputShape(1);
        const auto out = frame.outputShape();
        const auto rows = out[out.rank() - 2];
        const auto columns = out[out.rank() - 1];
        const auto inner = a[a.rank() - (op_.transposeA ? 2 : 1)];
        const Broadcast stackA(stackOf(a), stackOf(out));
        const Broadcast stackB(stackOf(b), stackOf(out));
        const auto stacks = static_cast<std::size_t>(stackOf(out).elements());
        for (std::size_t s = 0; s < stacks; ++s) {
            const auto* left = frame.inputs[0].data() + stackA(s) * sizeOfMatrix(rows, inner);
            const auto* right = frame.inputs[1].data() + stackB(s) * sizeOfMatrix(inner, columns);
            for (std::int64_t m = 0; m < rows; ++m) {
                throwIfStopped(frame.stop);
                for (std::int64_t n = 0; n < columns; ++n) {
                    T sum = 0;
                    for (std::int64_t k = 0; k < inner; ++k)
                        sum += left[op_.transposeA ? k * rows + m : m * inner + k] *
                               right[op_.transposeB ? n * inner + k : k * columns + n];
                    frame
                        .output[(s * static_cast<std::size_t>(rows) + static_cast<std::size_t>(m)) *
                                    static_cast<std::size_t>(columns) +
                                static_cast<std::size_t>(n)] = sum;
                }
            }
        }
    }

private:
    static Shape stackOf(const Shape& shape) { return Shape({shape.begin(), shape.end() - 2}); }
    static std::size_t sizeOfMatrix(std::int64_t rows, std::int64_t columns) {
        return static_cast<std::size_t>(rows * columns);
    }

    MatMulOp op_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const MatMulOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<MatMulKernel<T>>(op);
}
GRADWRIGHT_REFERENCE_KERNEL(MatMulOp);

} // namespace gradwright::reference
