// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

#include <algorithm>
#include <cmath>

namespace gradwright::reference {
namespace {

/// Vaswani et al.: "Attention is all you need", 2017, equation 1 for each head.
template <class T>
class AttentionKernel final : public Kernel<T> {
public:
    AttentionKernel(const AttentionOp& op, const Frame<T>& frame)
        : op_(op)
        , steps_(frame.outputType.sample()[0])
        , features_(frame.outputType.sample()[1])
        , width_(features_ / op.heads)
        , shares_(static_cast<std::size_t>(frame.batch * op.heads * steps_ * steps_)) {}

    void forward(const Frame<T>& frame) override {
        forEachQuery(frame, [&](const Query& q) {
            T largest = score(frame, q, 0);
            for (std::int64_t s = 1; s < q.seen; ++s)
                largest = std::max(largest, score(frame, q, s));
            T sum = 0;
            for (std::int64_t s = 0; s < q.seen; ++s)
                sum += share(q, s) = std::exp(score(frame, q, s) - largest);
            for (std::int64_t i = 0; i < width_; ++i) {
                T value = 0;
                for (std::int64_t s = 0; s < q.seen; ++s)
                    value += share(q, s) / sum * frame.inputs[0][part(q, s, kValue, i)];
                frame.output[output(q, i)] = value;
            }
            for (std::int64_t s = 0; s < q.seen; ++s)
                share(q, s) /= sum;
        });
    }

    void backward(const Frame<T>& frame) override {
        const auto gradients = frame.inputGradients[0];
        const auto in = frame.inputs[0];
        forEachQuery(frame, [&](const Query& q) {
            // The gradient of each share, then, through the softmax, of each score.
            std::vector<T> slopes(static_cast<std::size_t>(q.seen));
            T mean = 0;
            for (std::int64_t s = 0; s < q.seen; ++s) {
                T slope = 0;
                for (std::int64_t i = 0; i < width_; ++i) {
                    const T gradient = frame.outputGradient[output(q, i)];
                    slope += gradient * in[part(q, s, kValue, i)];
                    gradients[part(q, s, kValue, i)] += share(q, s) * gradient;
                }
                slopes[static_cast<std::size_t>(s)] = slope;
                mean += share(q, s) * slope;
            }
            for (std::int64_t s = 0; s < q.seen; ++s) {
                const T slope =
                    share(q, s) * (slopes[static_cast<std::size_t>(s)] - mean) * scale();
                for (std::int64_t i = 0; i < width_; ++i) {
                    gradients[part(q, q.step, kQuery, i)] += slope * in[part(q, s, kKey, i)];
                    gradients[part(q, s, kKey, i)] += slope * in[part(q, q.step, kQuery, i)];
                }
            }
        });
    }

private:
    enum Part { kQuery, kKey, kValue };
    struct Query {
        std::int64_t n, head, step;
        std::int64_t seen; ///< steps 0 … seen - 1 are attended to
    };

    template <class Visit>
    void forEachQuery(const Frame<T>& frame, Visit&& visit) const {
        for (std::int64_t n = 0; n < frame.batch; ++n)
            for (std::int64_t head = 0; head < op_.heads; ++head)
                for (std::int64_t step = 0; step < steps_; ++step) {
                    throwIfStopped(frame.stop);
                    visit(Query{n, head, step, op_.causal ? step + 1 : steps_});
                }
    }

    [[nodiscard]] T scale() const { return T{1} / std::sqrt(static_cast<T>(width_)); }
    [[nodiscard]] std::size_t part(const Query& q, std::int64_t step, Part which,
                                   std::int64_t i) const {
        return static_cast<std::size_t>((q.n * steps_ + step) * 3 * features_ + which * features_ +
                                        q.head * width_ + i);
    }
    [[nodiscard]] std::size_t output(const Query& q, std::int64_t i) const {
        return static_cast<std::size_t>((q.n * steps_ + q.step) * features_ + q.head * width_ + i);
    }
    T& share(const Query& q, std::int64_t s) {
        return shares_[static_cast<std::size_t>(
            ((q.n * op_.heads + q.head) * steps_ + q.step) * steps_ + s)];
    }
    T score(const Frame<T>& frame, const Query& q, std::int64_t s) const {
        T dot = 0;
        for (std::int64_t i = 0; i < width_; ++i)
            dot +=
                frame.inputs[0][part(q, q.step, kQuery, i)] * frame.inputs[0][part(q, s, kKey, i)];
        return dot * scale();
    }

    AttentionOp op_;
    std::int64_t steps_, features_;
    std::int64_t width_;    ///< features of a head
    std::vector<T> shares_; ///< softmax of the scores: [batch, heads, query, key]
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const AttentionOp& op, const Frame<T>& frame) {
    return std::make_unique<AttentionKernel<T>>(op, frame);
}
GRADWRIGHT_REFERENCE_KERNEL(AttentionOp);

} // namespace gradwright::reference
