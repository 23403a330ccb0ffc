// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"

namespace gradwright::onednn {
namespace {

/// The three primitives of a convolution for one choice of channel counts in memory.
struct ConvPlan {
    ConvForward forward;
    ConvBackwardWeights backwardWeights; ///< empty when not wanted
    ConvBackwardData backwardData;       ///< empty when not wanted
    Layout source, output;
    int references = 0; ///< primitives without a fast implementation
};

class ConvPlanner {
public:
    ConvPlanner(Compiler& compiler, const OpContext& context, const Conv2dOp& op)
        : compiler_(compiler)
        , context_(context)
        , op_(op)
        , type_(compiler.graph().type(context.op.inputs[0]).shape)
        , window_{{op.kernel[0], op.kernel[1]},
                  {op.stride[0], op.stride[1]},
                  {op.dilation[0], op.dilation[1]},
                  {op.padding.top, op.padding.left},
                  {op.padding.bottom, op.padding.right}} {}

    /// The candidate with the fewest reference implementations, the first of equals. Unpadded input
    /// channels come first: oneDNN has special code for images of one or three channels.
    ConvPlan plan() const {
        std::optional<ConvPlan> best;
        for (const auto& [in, out] : candidates()) {
            auto candidate = tryChannels(in, out);
            if (candidate && (!best || candidate->references < best->references))
                best = std::move(candidate);
            if (best && best->references == 0)
                break;
        }
        if (!best)
            throw Error("oneDNN has no convolution for {} with an input of {}", context_.op.path,
                        toString(type_));
        return std::move(*best);
    }

    [[nodiscard]] Dims kernelDims(std::int64_t in, std::int64_t out) const {
        if (op_.groups == 1)
            return {out, in, op_.kernel[0], op_.kernel[1]};
        return {op_.groups, out / op_.groups, in / op_.groups, op_.kernel[0], op_.kernel[1]};
    }

private:
    [[nodiscard]] std::vector<std::pair<std::int64_t, std::int64_t>> candidates() const {
        const auto in = type_[0];
        const auto out = op_.outChannels;
        const auto& stored = compiler_.weights().stored(context_.op.weights[0]);
        if (op_.groups > 1)
            return {{in, out}};
        if (stored.isSet) {
            const auto dims = dimsOf(stored.desc);
            return {{dims[1], dims[0]}};
        }
        const auto present = context_.inputs[0]->layout.channels;
        return {{present, alignedChannels(out)},
                {in, alignedChannels(out)},
                {alignedChannels(in), alignedChannels(out)},
                {in, out}};
    }

    [[nodiscard]] std::optional<ConvPlan> tryChannels(std::int64_t in, std::int64_t out) const {
        const auto& stored = compiler_.weights().stored(context_.op.weights[0]);
        const auto free = anyDesc(kernelDims(in, out));
        auto plan = tryWeights(in, out, stored.isSet ? stored.desc : free);
        if (stored.isSet && (!plan || plan->references > 0)) {
            auto other = tryWeights(in, out, free);
            if (other && (!plan || other->references < plan->references))
                plan = std::move(other);
        }
        return plan;
    }

    [[nodiscard]] std::optional<ConvPlan> tryWeights(std::int64_t in, std::int64_t out,
                                                     const MemoryDesc& weights) const {
        const auto batch = compiler_.batch();
        const auto& outputType = compiler_.graph().type(context_.op.output).shape;
        const Dims sourceDims{batch, in, type_[1], type_[2]};
        const Dims outputDims{batch, out, outputType[1], outputType[2]};
        const auto bias = op_.bias ? denseDesc({out}) : MemoryDesc();
        // A store without layout gets one that suits training, whoever compiles first.
        const bool forTraining =
            compiler_.differentiates() || !compiler_.weights().stored(context_.op.weights[0]).isSet;
        const auto kind =
            forTraining ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
        ConvPlan plan;
        plan.forward = convForward(kind, anyDesc(sourceDims), weights, bias, anyDesc(outputDims),
                                   window_, context_.fused);
        if (!plan.forward)
            return {};
        const auto source = layoutOf(plan.forward.src_desc(), batch, type_);
        const auto output = layoutOf(plan.forward.dst_desc(), batch, outputType);
        if (!source || !output)
            return {};
        plan.source = *source;
        plan.output = *output;
        plan.references = isReference(plan.forward) ? 1 : 0;
        if (forTraining && !addBackward(plan, bias))
            return {};
        return plan;
    }

    /// False when there is no implementation at all.
    bool addBackward(ConvPlan& plan, const MemoryDesc& bias) const {
        const auto& stored = compiler_.weights().stored(context_.op.weights[0]);
        const auto kept = stored.isSet ? stored.desc : plan.forward.weights_desc();
        const auto free = anyDesc(dimsOf(kept));
        const auto source = plan.forward.src_desc();
        const auto output = plan.forward.dst_desc();
        auto& weights = plan.backwardWeights;
        weights = convBackwardWeights(source, kept, bias, output, window_, plan.forward);
        if (!weights || isReference(weights))
            if (auto other = convBackwardWeights(source, free, bias, output, window_, plan.forward))
                weights = std::move(other);
        if (!weights)
            return false;
        plan.references += isReference(weights) ? 1 : 0;
        if (!wantsDataGradient())
            return true;
        auto& data = plan.backwardData;
        data = convBackwardData(source, kept, output, window_, plan.forward);
        if (!data || isReference(data))
            if (auto other = convBackwardData(source, free, output, window_, plan.forward))
                data = std::move(other);
        if (!data)
            return false;
        plan.references += isReference(data) ? 1 : 0;
        return true;
    }

    /// In inference as if it were training, so that the same layout is chosen.
    [[nodiscard]] bool wantsDataGradient() const {
        return compiler_.differentiates()
                   ? context_.inputs[0]->wantsGradient
                   : compiler_.graph().producerOf(context_.op.inputs[0]) != nullptr;
    }

    Compiler& compiler_;
    const OpContext& context_;
    const Conv2dOp& op_;
    const Shape& type_;
    Window window_;
};

struct ConvTensors {
    Lowered* source;
    Lowered* output;
    WeightId kernel;
    std::optional<WeightId> bias;
};

void emitDataGradient(Compiler& compiler, const OpContext& context, const ConvPlan& plan,
                      const ConvTensors& tensors, Buffer* gradient) {
    const auto& pd = plan.backwardData;
    auto* result = compiler.schedule().arena(plan.source.bytes());
    auto* weights = compiler.weightAs(tensors.kernel, pd.weights_desc());
    compiler.schedule().add(pd, {{DNNL_ARG_DIFF_DST, gradient, pd.diff_dst_desc()},
                                 {DNNL_ARG_WEIGHTS, weights, pd.weights_desc()},
                                 {DNNL_ARG_DIFF_SRC, result, pd.diff_src_desc()}});
    compiler.contribute(tensors.source, result);
    compiler.reportBackward(context, implementationOf(pd), plan.source);
}

void emitWeightGradient(Compiler& compiler, const OpContext& context, const ConvPlan& plan,
                        const ConvTensors& tensors, Buffer* gradient) {
    const auto& pd = plan.backwardWeights;
    const auto kernel = compiler.gradientTarget(tensors.kernel, pd.diff_weights_desc());
    std::vector<Schedule::Argument> arguments{{DNNL_ARG_SRC, tensors.source->buffer, pd.src_desc()},
                                              {DNNL_ARG_DIFF_DST, gradient, pd.diff_dst_desc()},
                                              {DNNL_ARG_DIFF_WEIGHTS, kernel.buffer, kernel.desc}};
    std::optional<Compiler::GradientTarget> bias;
    if (tensors.bias) {
        bias = compiler.gradientTarget(*tensors.bias, pd.diff_bias_desc());
        arguments.push_back({DNNL_ARG_DIFF_BIAS, bias->buffer, bias->desc});
    }
    compiler.schedule().add(pd, std::move(arguments));
    // Input lanes that are not zero would give the zero weights of the padding a gradient.
    compiler.finishGradient(kernel, tensors.source->dirtyPadding);
    if (bias)
        compiler.finishGradient(*bias, false);
    compiler.reportBackward(context, implementationOf(pd), plan.output);
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const Conv2dOp& op) {
    const ConvPlanner planner(compiler, context, op);
    const auto plan = planner.plan();
    const auto& weights = context.op.weights;
    ConvTensors tensors{compiler.convert(context.inputs[0], plan.source), nullptr, weights[0], {}};
    const auto in = compiler.graph().type(context.op.inputs[0]).shape[0];
    if (!compiler.weights().stored(tensors.kernel).isSet)
        compiler.weights().setLayout(tensors.kernel, planner.kernelDims(in, op.outChannels),
                                     plan.forward.weights_desc());
    if (op.bias) {
        tensors.bias = weights[1];
        if (!compiler.weights().stored(weights[1]).isSet)
            compiler.weights().setLayout(weights[1], {op.outChannels}, plan.forward.bias_desc());
    }
    const auto& pd = plan.forward;
    auto* kernel = compiler.weightAs(tensors.kernel, pd.weights_desc());
    tensors.output = compiler.makeOutput(context, plan.output);
    tensors.output->dirtyPadding =
        plan.output.isPadded() && context.fused && !preservesZero(*context.fused);
    std::vector<Schedule::Argument> arguments{
        {DNNL_ARG_SRC, tensors.source->buffer, pd.src_desc()},
        {DNNL_ARG_WEIGHTS, kernel, pd.weights_desc()},
        {DNNL_ARG_DST, tensors.output->buffer, pd.dst_desc()}};
    if (tensors.bias)
        arguments.push_back({DNNL_ARG_BIAS,
                             compiler.vectorWeight(*tensors.bias, dimsOf(pd.bias_desc())[0]),
                             pd.bias_desc()});
    compiler.schedule().add(pd, std::move(arguments));
    compiler.reportForward(context, implementationOf(pd), plan.output);
    if (!tensors.output->wantsGradient)
        return;
    compiler.onBackward([&compiler, context, plan, tensors] {
        auto* gradient = compiler.gradientOf(tensors.output);
        if (!gradient)
            return;
        if (context.trains)
            emitWeightGradient(compiler, context, plan, tensors, gradient);
        if (tensors.source->wantsGradient)
            emitDataGradient(compiler, context, plan, tensors, gradient);
    });
}

} // namespace gradwright::onednn
