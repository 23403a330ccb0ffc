// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/quantized_pool.h"

#include "engine/backend/reference/window.h"

namespace gradwright::reference {
namespace {

/// Exact sums of 64 bits.
template <class T>
class QuantizedPoolKernel final : public Kernel<T> {
public:
    QuantizedPoolKernel(const QuantizedPoolOp& op, const Frame<T>& frame)
        : op_(op)
        , finish_(op)
        , channels_(frame.inputTypes[0].sample()[0])
        , in_(placesOf(frame.inputTypes[0].sample()))
        , pool_(op.window(frame.inputTypes[0].sample()))
        , window_(pool_.kernel, pool_.stride, {}, pool_.padding,
                  frame.inputTypes[0].sample().rank() - 1)
        , out_(op.global ? Place{1, 1, 1} : placesOf(frame.outputType.sample())) {}

    void forward(const Frame<T>& frame) override {
        std::size_t element = 0;
        for (std::int64_t n = 0; n < frame.batch; ++n)
            for (std::int64_t c = 0; c < channels_; ++c)
                forEachPlace(out_, [&](const Place& place) {
                    frame.output[element++] = static_cast<T>(meanAt(frame, n, c, place));
                });
    }

private:
    float meanAt(const Frame<T>& frame, std::int64_t n, std::int64_t c, const Place& place) const {
        std::int64_t sum = 0;
        std::int64_t inside = 0;
        forEachPlace(window_.kernel, [&](const Place& tap) {
            const auto at = tapAt(window_, place, tap);
            if (!isInside(at, in_))
                return;
            ++inside;
            const auto x = frame.number(0, indexOf(in_, channels_, n, c, at));
            sum += static_cast<std::int64_t>(x) - op_.x.zero;
        });
        const auto count = pool_.countPadding ? pool_.kernel.product() : inside;
        return finish_(sum, finish_.multiplier(count));
    }

    QuantizedPoolOp op_;
    MeanFinisher finish_;
    std::int64_t channels_;
    Place in_;
    PoolOp pool_;
    SlidingWindow window_;
    Place out_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const QuantizedPoolOp& op, const Frame<T>& frame) {
    return std::make_unique<QuantizedPoolKernel<T>>(op, frame);
}
GRADWRIGHT_REFERENCE_KERNEL(QuantizedPoolOp);

} // namespace gradwright::reference
