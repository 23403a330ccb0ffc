// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/conv_layouts.h"

#include "engine/backend/onednn/layout.h"
#include "engine/backend/onednn/primitives.h"
#include "engine/support/error.h"
#include "engine/support/rng.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace gradwright::onednn {
namespace {

using Tag = dnnl::memory::format_tag;
using LayoutClock = std::chrono::steady_clock;

constexpr double kLayoutBudget = 0.08; ///< s that one measurement takes, beyond its first run

/// Orders of elements by the number of axes of positions, from one to three.
struct NamedOrder {
    std::array<const char*, 3> names;
    std::array<Tag, 3> tags;
};

const std::array<NamedOrder, 4>& namedOrders() {
    static const std::array<NamedOrder, 4> orders{{
        {{"NCW", "NCHW", "NCDHW"}, {Tag::ncw, Tag::nchw, Tag::ncdhw}},
        {{"NWC", "NHWC", "NDHWC"}, {Tag::nwc, Tag::nhwc, Tag::ndhwc}},
        {{"nCw8c", "nChw8c", "nCdhw8c"}, {Tag::nCw8c, Tag::nChw8c, Tag::nCdhw8c}},
        {{"nCw16c", "nChw16c", "nCdhw16c"}, {Tag::nCw16c, Tag::nChw16c, Tag::nCdhw16c}},
    }};
    return orders;
}

template <class Work>
double bestSeconds(const Work& work, const std::stop_token& stop) {
    work(); // what is done once, and caches
    double best = HUGE_VAL;
    double spent = 0;
    while (spent < kLayoutBudget && !stop.stop_requested()) {
        const auto begun = LayoutClock::now();
        work();
        const double taken = std::chrono::duration<double>(LayoutClock::now() - begun).count();
        best = std::min(best, taken);
        spent += taken;
    }
    return best;
}

class LayoutBench {
public:
    LayoutBench(const ConvOp& op, const Shape& input, const Shape& output, std::int64_t batch)
        : op_(op)
        , source_(dimsWithBatch(batch, input))
        , result_(dimsWithBatch(batch, output))
        , window_(windowOf(op.kernel, op.stride, op.dilation, op.padding, input.rank() - 1))
        , input_(input)
        , output_(output)
        , batch_(batch)
        , stream_(cpuEngine())
        , numbers_(denseDesc(source_), cpuEngine()) {
        fill(numbers_);
    }

    [[nodiscard]] ConvLayoutTime measure(const std::string& name, std::optional<Tag> tag,
                                         const std::stop_token& stop) {
        ConvLayoutTime time;
        time.layout = name;
        const auto descOf = [&](const Dims& dims) {
            return tag ? taggedDesc(dims, *tag) : anyDesc(dims);
        };
        const auto pd = convForward(
            dnnl::prop_kind::forward_training, descOf(source_), anyDesc(kernelDims()),
            op_.bias ? denseDesc({result_[1]}) : MemoryDesc(), descOf(result_), window_, {});
        if (!pd)
            return time;
        time.implementation = implementationOf(pd);
        if (const auto layout = layoutOf(pd.dst_desc(), batch_, output_))
            time.memory = layout->name();
        if (isReference(pd))
            return time;
        const dnnl::memory source(pd.src_desc(), cpuEngine());
        const dnnl::memory weights(pd.weights_desc(), cpuEngine());
        const dnnl::memory result(pd.dst_desc(), cpuEngine());
        const dnnl::memory scratch(argumentDesc(pd, DNNL_ARG_SCRATCHPAD), cpuEngine());
        reorderNow(numbers_.get_desc(), numbers_.get_data_handle(), source.get_desc(),
                   source.get_data_handle());
        dnnl::memory kernel(denseDesc(kernelDims()), cpuEngine());
        fill(kernel);
        reorderNow(kernel.get_desc(), kernel.get_data_handle(), weights.get_desc(),
                   weights.get_data_handle());
        std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_SRC, source},
                                                        {DNNL_ARG_WEIGHTS, weights},
                                                        {DNNL_ARG_DST, result},
                                                        {DNNL_ARG_SCRATCHPAD, scratch}};
        if (op_.bias) {
            dnnl::memory bias(pd.bias_desc(), cpuEngine());
            fill(bias);
            arguments.insert({DNNL_ARG_BIAS, bias});
        }
        const dnnl::primitive convolution(pd);
        time.seconds = bestSeconds(
            [&] {
                convolution.execute(stream_, arguments);
                stream_.wait();
            },
            stop);
        if (stop.stop_requested())
            return time;
        addReorder(time, numbers_, source, stop);
        addReorder(time, result, dnnl::memory(denseDesc(result_), cpuEngine()), stop);
        return time;
    }

private:
    static Dims dimsWithBatch(std::int64_t batch, const Shape& shape) {
        Dims dims{batch};
        dims.insert(dims.end(), shape.begin(), shape.end());
        return dims;
    }
    [[nodiscard]] Dims kernelDims() const {
        Dims dims;
        if (op_.groups > 1)
            dims.push_back(op_.groups);
        dims.push_back(result_[1] / op_.groups);
        dims.push_back(source_[1] / op_.groups);
        dims.insert(dims.end(), window_.kernel.begin(), window_.kernel.end());
        return dims;
    }
    /// With numbers like those of a network: zeros take less power, and some processors more clock
    /// for it.
    static void fill(dnnl::memory& memory) {
        const Rng rng(1, RngStream::Test);
        auto* const numbers = static_cast<float*>(memory.get_data_handle());
        const auto count = memory.get_desc().get_size() / sizeof(float);
        for (std::size_t i = 0; i < count; ++i)
            numbers[i] = static_cast<float>(rng.uniform(i) - 0.5);
    }
    void addReorder(ConvLayoutTime& time, dnnl::memory from, dnnl::memory to,
                    const std::stop_token& stop) {
        if (from.get_desc() == to.get_desc() || stop.stop_requested())
            return;
        ++time.reorders;
        const dnnl::reorder reorder(from, to);
        time.reorderSeconds += bestSeconds(
            [&] {
                reorder.execute(stream_, from, to);
                stream_.wait();
            },
            stop);
    }

    const ConvOp& op_;
    Dims source_, result_;
    Window window_;
    Shape input_, output_;
    std::int64_t batch_;
    dnnl::stream stream_;
    dnnl::memory numbers_; ///< the input, row-major
};

} // namespace
} // namespace gradwright::onednn

namespace gradwright {

std::vector<ConvLayoutTime> measureConvLayouts(const ConvOp& op, const Shape& input,
                                               const Shape& output, std::int64_t batch,
                                               const std::stop_token& stop) {
    const auto axes = input.rank() - 1;
    if (axes < 1 || axes > 3)
        throw Error("a convolution over {} axes has no layouts to compare", axes);
    try {
        onednn::LayoutBench bench(op, input, output, batch);
        std::vector<ConvLayoutTime> times;
        for (const auto& order : onednn::namedOrders()) {
            times.push_back(bench.measure(order.names[axes - 1], order.tags[axes - 1], stop));
            if (stop.stop_requested())
                return {};
        }
        times.push_back(bench.measure("oneDNN's choice", {}, stop));
        if (stop.stop_requested())
            return {};
        return times;
    } catch (const dnnl::error& error) {
        throw Error("the layouts of a convolution from {} to {} cannot be measured: {}",
                    toString(input), toString(output), error.what());
    }
}

} // namespace gradwright
