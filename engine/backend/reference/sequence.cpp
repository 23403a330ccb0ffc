// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

#include <cmath>

namespace gradwright::reference {
namespace {

template <class T>
class EmbeddingKernel final : public Kernel<T> {
public:
    explicit EmbeddingKernel(const EmbeddingOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        requireEntries(frame);
        forEachElement(frame, [&](std::size_t output, std::size_t entry) {
            frame.output[output] = frame.weights[0][entry];
        });
    }
    void backward(const Frame<T>& frame) override {
        forEachElement(frame, [&](std::size_t output, std::size_t entry) {
            frame.weightGradients[0][entry] += frame.outputGradient[output];
        });
    }

private:
    void requireEntries(const Frame<T>& frame) const {
        for (const T number : frame.inputs[0])
            if (!(number >= 0 && number < static_cast<T>(op_.vocabulary) &&
                  number == std::floor(number)))
                throw Error("{}: {} is none of the {} entries, 0 to {}", frame.path,
                            static_cast<double>(number), op_.vocabulary, op_.vocabulary - 1);
    }

    template <class Visit>
    void forEachElement(const Frame<T>& frame, Visit&& visit) const {
        const auto dimensions = static_cast<std::size_t>(op_.dimensions);
        for (std::size_t step = 0; step < frame.inputs[0].size(); ++step)
            for (std::size_t i = 0; i < dimensions; ++i)
                visit(step * dimensions + i,
                      static_cast<std::size_t>(frame.inputs[0][step]) * dimensions + i);
    }

    EmbeddingOp op_;
};

template <class T>
class PositionKernel final : public Kernel<T> {
public:
    PositionKernel(const PositionOp& op, const Frame<T>& frame)
        : op_(op)
        , size_(static_cast<std::size_t>(frame.outputType.sample().elements())) {
        const auto& shape = frame.outputType.sample();
        if (!op.learned)
            for (const double value : sinusoids(shape[0], shape[1]))
                table_.push_back(static_cast<T>(value));
    }

    void forward(const Frame<T>& frame) override {
        const std::span<const T> table =
            op_.learned ? frame.weights[0] : std::span<const T>(table_);
        for (std::size_t i = 0; i < frame.output.size(); ++i)
            frame.output[i] = frame.inputs[0][i] + table[i % size_];
    }
    void backward(const Frame<T>& frame) override {
        for (std::size_t i = 0; i < frame.output.size(); ++i) {
            frame.inputGradients[0][i] += frame.outputGradient[i];
            if (op_.learned)
                frame.weightGradients[0][i % size_] += frame.outputGradient[i];
        }
    }

private:
    PositionOp op_;
    std::size_t size_; ///< of a sample
    std::vector<T> table_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const EmbeddingOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<EmbeddingKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const PositionOp& op, const Frame<T>& frame) {
    return std::make_unique<PositionKernel<T>>(op, frame);
}
GRADWRIGHT_REFERENCE_KERNEL(EmbeddingOp);
GRADWRIGHT_REFERENCE_KERNEL(PositionOp);

} // namespace gradwright::reference
