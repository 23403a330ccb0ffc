// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/quantized_product.h"

#include "engine/backend/reference/kernel.h"

namespace gradwright::reference {
namespace {

/// Exact sums of 64 bits; a dense layer is a convolution without positions.
template <class T>
class QuantizedProductKernel final : public Kernel<T> {
public:
    QuantizedProductKernel(const QuantizedProductOp& op, const Frame<T>& frame)
        : op_(op)
        , finish_(op)
        , outChannels_(op.outChannels()) {
        const auto given = frame.inputShape(0);
        const auto made = frame.outputShape();
        if (const auto* conv = std::get_if<ConvOp>(&op.product)) {
            conv_ = *conv;
            samples_ = given[0];
            channels_ = given[1] / conv->groups;
            for (std::size_t axis = 2; axis < given.rank(); ++axis) {
                in_[axis - 2] = given[axis];
                out_[axis - 2] = made[axis];
            }
        } else {
            samples_ = made.elements() / outChannels_;
            channels_ = given.elements() / samples_;
        }
    }

    void forward(const Frame<T>& frame) override {
        std::size_t element = 0;
        for (std::int64_t n = 0; n < samples_; ++n)
            for (std::int64_t o = 0; o < outChannels_; ++o)
                for (std::int64_t at = 0; at < out_.product(); ++at, ++element)
                    frame.output[element] = static_cast<T>(resultOf(frame, n, o, at, element));
    }

private:
    float resultOf(const Frame<T>& frame, std::int64_t n, std::int64_t o, std::int64_t at,
                   std::size_t element) const {
        const auto channel = static_cast<std::size_t>(o);
        auto sum = static_cast<float>(sumOf(frame, n, o, at));
        if (frame.weights.size() > 1)
            sum += static_cast<float>(frame.weights[1][channel]);
        float addend = 0;
        if (op_.adds)
            addend = static_cast<float>(frame.number(1, element)) -
                     (op_.addend ? static_cast<float>(op_.addend->zero) : 0.0F);
        return finish_(channel, sum, addend);
    }

    /// In the padding x equals its zero point and adds nothing.
    std::int64_t sumOf(const Frame<T>& frame, std::int64_t n, std::int64_t o,
                       std::int64_t at) const {
        const auto group = o / (outChannels_ / conv_.groups);
        std::int64_t sum = 0;
        for (std::int64_t tap = 0; tap < conv_.kernel.product(); ++tap) {
            const auto place = placeRead(at, tap);
            for (std::int64_t c = 0; place >= 0 && c < channels_; ++c) {
                const auto plane = (n * conv_.groups + group) * channels_ + c;
                const auto x = frame.number(0, indexOf(in_.product(), plane, place));
                const auto weight =
                    frame.weights[0][indexOf(conv_.kernel.product(), o * channels_ + c, tap)];
                sum +=
                    (static_cast<std::int64_t>(x) - op_.x.zero) * static_cast<std::int64_t>(weight);
            }
        }
        return sum;
    }

    /// The place that a tap of the kernel reads at a position of the output, or -1 in the padding.
    [[nodiscard]] std::int64_t placeRead(std::int64_t at, std::int64_t tap) const {
        std::int64_t place = 0;
        std::int64_t stride = 1;
        for (std::size_t axis = 3; axis-- > 0;) {
            const auto from = at % out_[axis] * conv_.stride[axis] +
                              tap % conv_.kernel[axis] * conv_.dilation[axis] -
                              conv_.padding.before(axis);
            if (from < 0 || from >= in_[axis])
                return -1;
            place += from * stride;
            stride *= in_[axis];
            at /= out_[axis];
            tap /= conv_.kernel[axis];
        }
        return place;
    }

    QuantizedProductOp op_;
    ProductFinisher finish_;
    ConvOp conv_{};
    std::int64_t samples_ = 1, channels_ = 1, outChannels_;
    Extents in_{}, out_{};
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const QuantizedProductOp& op, const Frame<T>& frame) {
    return std::make_unique<QuantizedProductKernel<T>>(op, frame);
}
GRADWRIGHT_REFERENCE_KERNEL(QuantizedProductOp);

} // namespace gradwright::reference
