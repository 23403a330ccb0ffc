// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/conv_plan.h"

#include "engine/backend/onednn/winograd.h"

namespace gradwright::onednn {
namespace {

class ConvPlanner {
public:
    ConvPlanner(Compiler& compiler, const ConvProblem& problem)
        : compiler_(compiler)
        , problem_(problem)
        , stored_(compiler.weights().stored(problem.kernel)) {}

    ConvPlan plan() const {
        std::optional<ConvPlan> best;
        for (const auto& channels : candidates()) {
            auto candidate = tryChannels(channels);
            if (candidate && (!best || candidate->references < best->references))
                best = std::move(candidate);
            if (best && best->references == 0)
                break;
        }
        if (!best)
            throw Error("oneDNN has no convolution for {} between {} and {}", problem_.path,
                        toString(problem_.source), toString(problem_.output));
        best->sourceDesc = best->forward.src_desc();
        best->outputDesc = best->forward.dst_desc();
        best->kernelDesc = best->forward.weights_desc();
        if (problem_.given->layout.isBf16()) {
            best->source.type = DType::BF16;
            best->sourceDesc = best->source.withChannels(dimsOf(best->sourceDesc)[1]);
        }
        if (compiler_.usesNativeBf16())
            takeBf16(*best);
        else
            takeWinograd(*best, problem_, compiler_.batch(), compiler_.parts() != nullptr);
        return std::move(*best);
    }

private:
    enum class Order { OfOneDnn, RowMajor, ChannelsLast };

    /// Channels in memory, and who chooses the layout of the values.
    struct Candidate {
        std::int64_t in, out;
        Order order = Order::OfOneDnn;
    };

    /// Row-major last: oneDNN multiplies matrices there, which is faster than the reference that
    /// blocked volumes get without AVX-512.
    [[nodiscard]] std::vector<Candidate> candidates() const {
        auto all = freeCandidates();
        all.push_back({all.back().in, all.back().out, Order::RowMajor});
        if (hasFewInputs())
            all.insert(all.begin(), {problem_.source[0], alignedChannels(problem_.output[0]),
                                     Order::ChannelsLast});
        return all;
    }

    /// Between the images that oneDNN has special code for and half a vector: with channels last,
    /// they need not be padded to a whole one, which would multiply as many zeros again. Without
    /// AVX-512 there are no such kernels, and less to gain.
    [[nodiscard]] bool hasFewInputs() const {
        const auto in = problem_.source[0];
        const bool suits = in > 3 && 2 * in <= vectorLanes() && vectorLanes() == 16;
        return suits && problem_.groups == 1 && !problem_.transposed &&
               problem_.source.rank() == 3 && !compiler_.usesNativeBf16() &&
               (!stored_.isSet || dimsOf(stored_.desc) ==
                                      problem_.kernelDims(in, alignedChannels(problem_.output[0])));
    }

    [[nodiscard]] std::vector<Candidate> freeCandidates() const {
        const auto in = problem_.source[0];
        const auto out = problem_.output[0];
        if (problem_.groups > 1)
            return {{in, out}};
        if (stored_.isSet) {
            const auto dims = dimsOf(stored_.desc);
            return {{dims[1], dims[0]}};
        }
        const auto present = problem_.given->layout.channels;
        if (problem_.transposed)
            return {{alignedChannels(in), present},
                    {alignedChannels(in), alignedChannels(out)},
                    {in, alignedChannels(out)},
                    {in, out}};
        return {{present, alignedChannels(out)},
                {in, alignedChannels(out)},
                {alignedChannels(in), alignedChannels(out)},
                {in, out}};
    }

    [[nodiscard]] std::optional<ConvPlan> tryChannels(const Candidate& channels) const {
        const auto free = anyDesc(problem_.kernelDims(channels.in, channels.out));
        auto plan = tryWeights(channels, stored_.isSet ? stored_.desc : free);
        if (stored_.isSet && (!plan || plan->references > 0)) {
            auto other = tryWeights(channels, free);
            if (other && (!plan || other->references < plan->references))
                plan = std::move(other);
        }
        return plan;
    }

    [[nodiscard]] MemoryDesc valueDesc(const Shape& shape, std::int64_t channels,
                                       Order order) const {
        Dims dims{compiler_.batch(), channels};
        dims.insert(dims.end(), shape.begin() + 1, shape.end());
        switch (order) {
        case Order::OfOneDnn:
            return anyDesc(dims);
        case Order::RowMajor:
            return denseDesc(dims);
        case Order::ChannelsLast:
            break;
        }
        return taggedDesc(dims, dnnl::memory::format_tag::nhwc);
    }

    [[nodiscard]] std::optional<ConvPlan> tryWeights(const Candidate& channels,
                                                     const MemoryDesc& weights) const {
        const auto bias = problem_.bias ? denseDesc({channels.out}) : MemoryDesc();
        // A store without layout gets one that suits training, whoever compiles first.
        const bool forTraining = compiler_.differentiates() || !stored_.isSet;
        const auto kind = forTraining || problem_.transposed ? dnnl::prop_kind::forward_training
                                                             : dnnl::prop_kind::forward_inference;
        ConvPlan plan;
        plan.forward =
            convForward(kind, valueDesc(problem_.source, channels.in, channels.order), weights,
                        bias, valueDesc(problem_.output, channels.out, channels.order),
                        problem_.window, problem_.finish);
        if (!plan.forward)
            return {};
        const auto batch = compiler_.batch();
        const auto source = layoutOf(plan.forward.src_desc(), batch, problem_.source);
        const auto output = layoutOf(plan.forward.dst_desc(), batch, problem_.output);
        if (!source || !output)
            return {};
        plan.source = *source;
        plan.output = *output;
        plan.references = isReference(plan.forward) ? 1 : 0;
        if (forTraining && !addBackwardWeights(plan, bias))
            return {};
        if (wantsBackwardData(forTraining) && !addBackwardData(plan))
            return {};
        return plan;
    }

    /// False when there is no implementation at all.
    bool addBackwardWeights(ConvPlan& plan, const MemoryDesc& bias) const {
        const auto kept = stored_.isSet ? stored_.desc : plan.forward.weights_desc();
        const auto source = plan.forward.src_desc();
        const auto output = plan.forward.dst_desc();
        const auto& window = problem_.window;
        auto& weights = plan.backwardWeights;
        weights = convBackwardWeights(source, kept, bias, output, window, plan.forward);
        if (!weights || isReference(weights))
            if (auto other = convBackwardWeights(source, anyDesc(dimsOf(kept)), bias, output,
                                                 window, plan.forward))
                weights = std::move(other);
        if (!weights)
            return false;
        plan.references += isReference(weights) ? 1 : 0;
        return true;
    }

    bool addBackwardData(ConvPlan& plan) const {
        const auto kept = stored_.isSet ? stored_.desc : plan.forward.weights_desc();
        const auto source = plan.forward.src_desc();
        const auto output = plan.forward.dst_desc();
        auto& data = plan.backwardData;
        data = convBackwardData(source, kept, output, problem_.window, plan.forward);
        if (!data || isReference(data))
            if (auto other = convBackwardData(source, anyDesc(dimsOf(kept)), output,
                                              problem_.window, plan.forward))
                data = std::move(other);
        if (!data)
            return false;
        plan.references += isReference(data) ? 1 : 0;
        return true;
    }

    /// Takes the primitives with operands in bfloat16 and results in FP32, or, where that is
    /// wanted, in bfloat16, where there are fast ones.
    void takeBf16(ConvPlan& plan) const {
        const auto source = bf16AnyDesc(dimsOf(plan.sourceDesc));
        const auto output = bf16AnyDesc(dimsOf(plan.outputDesc));
        const auto kernelDims = dimsOf(plan.kernelDesc);
        const auto bias = problem_.bias ? plan.forward.bias_desc() : MemoryDesc();
        const auto& window = problem_.window;
        const auto kind = plan.backwardWeights || plan.backwardData
                              ? dnnl::prop_kind::forward_training
                              : dnnl::prop_kind::forward_inference;
        const auto take = [](auto& place, auto candidate) {
            if (candidate && !isReference(candidate))
                place = std::move(candidate);
        };
        const auto forwardTo = [&](const MemoryDesc& result) {
            return convForward(kind, source, bf16AnyDesc(kernelDims), bias, result, window,
                               problem_.finish);
        };
        auto bf16Output = plan.output;
        bf16Output.type = DType::BF16;
        const auto result = bf16Output.withChannels(dimsOf(plan.outputDesc)[1]);
        if (const auto pd = problem_.wantsBf16 ? forwardTo(result) : ConvForward();
            pd && !isReference(pd)) {
            plan.forward = pd;
            plan.output = bf16Output;
            plan.outputDesc = result;
        } else {
            take(plan.forward, forwardTo(plan.outputDesc));
        }
        if (plan.backwardWeights)
            take(plan.backwardWeights, convBackwardWeights(source, anyDesc(kernelDims), bias,
                                                           output, window, plan.forward));
        if (plan.backwardData)
            take(plan.backwardData, convBackwardData(plan.sourceDesc, bf16AnyDesc(kernelDims),
                                                     output, window, plan.forward));
    }

    /// In inference as if it were training, so that the same layout is chosen. A transposed
    /// convolution computes its result with it.
    [[nodiscard]] bool wantsBackwardData(bool forTraining) const {
        return problem_.transposed || (forTraining && problem_.wantsGradient);
    }

    Compiler& compiler_;
    const ConvProblem& problem_;
    const StoredWeight& stored_;
};

} // namespace

Dims ConvProblem::kernelDims(std::int64_t in, std::int64_t out) const {
    Dims dims{out, in};
    if (groups > 1)
        dims = {groups, out / groups, in / groups};
    dims.insert(dims.end(), window.kernel.begin(), window.kernel.end());
    return dims;
}

ConvPlan planConvolution(Compiler& compiler, const ConvProblem& problem) {
    return ConvPlanner(compiler, problem).plan();
}

} // namespace gradwright::onednn
