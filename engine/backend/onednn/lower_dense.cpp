// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/lower_dense.h"

#include "engine/backend/onednn/kernels/dense_gradient.h"
#include "engine/backend/onednn/lower_product.h"
#include "engine/backend/onednn/operand.h"

namespace gradwright::onednn {
namespace {

struct DenseTensors {
    Lowered* source;
    Lowered* output;
    WeightId kernel;
    std::optional<WeightId> bias;
    Operand read; ///< the source
    Operand weights;
};

/// With the weights as they are kept, or, where that has no fast implementation, in the layout that
/// has one.
template <class Describe>
auto describeWithWeights(const MemoryDesc& kept, const Describe& describe) {
    auto pd = describe(kept);
    if (pd && !isReference(pd))
        return pd;
    if (auto other = describe(anyDesc(dimsOf(kept))))
        return other;
    return pd;
}

void emitDataGradient(Compiler& compiler, const OpContext& context, const DenseForward& hint,
                      DenseTensors& tensors, Operand& gradient) {
    const auto& kept = tensors.weights.desc();
    const auto& source = tensors.read.desc();
    const auto pd = preferBf16(
        compiler,
        [&] {
            return denseBackwardData(source, bf16AnyDesc(dimsOf(kept)),
                                     bf16DenseDesc(dimsOf(gradient.desc())), hint);
        },
        [&] {
            return describeWithWeights(kept, [&](const MemoryDesc& weights) {
                return denseBackwardData(source, weights, gradient.desc(), hint);
            });
        });
    auto* result = compiler.schedule().arena(tensors.source->layout.bytes());
    compiler.schedule().add(
        pd, {{DNNL_ARG_DIFF_DST, gradient.as(pd.diff_dst_desc()), pd.diff_dst_desc()},
             {DNNL_ARG_WEIGHTS, tensors.weights.as(pd.weights_desc()), pd.weights_desc()},
             {DNNL_ARG_DIFF_SRC, result, pd.diff_src_desc()}});
    compiler.contribute(tensors.source, result);
    compiler.reportBackward(context, implementationOf(compiler, pd, pd.diff_dst_desc()),
                            tensors.source->layout);
}

/// Whether denseGradient() takes the place of the primitive: it is up to half faster, as it copies
/// less. Not for many units: it reads the source once for each block of them.
bool takesOwnGradient(const DenseBackwardWeights& pd) {
    constexpr std::int64_t mostUnits = 256;
    const auto& kernel = pd.diff_weights_desc();
    const auto dims = dimsOf(kernel);
    return hasDenseGradient() && isDenseGradientLayout(kernel) &&
           pd.src_desc() == denseDesc(dimsOf(pd.src_desc())) && dims[0] <= mostUnits;
}

struct GradientBuffers {
    Buffer *source, *gradient, *kernel, *bias;
};

void addOwnGradient(Compiler& compiler, const DenseBackwardWeights& pd,
                    const GradientBuffers& buffers) {
    const auto units = sizeOf(dimsOf(pd.diff_weights_desc())[0]);
    const auto inputs = sizeOf(dimsOf(pd.diff_weights_desc())[1]);
    const auto rows = sizeOf(dimsOf(pd.src_desc())[0]);
    std::vector uses{buffers.source, buffers.gradient, buffers.kernel};
    if (buffers.bias)
        uses.push_back(buffers.bias);
    compiler.schedule().add(std::move(uses), [=](const RunContext&) {
        denseGradient({.source = buffers.source->as(),
                       .gradient = buffers.gradient->as(),
                       .rows = rows,
                       .inputs = inputs,
                       .units = units},
                      buffers.kernel->as(), buffers.bias ? buffers.bias->as() : nullptr);
    });
}

void emitWeightGradient(Compiler& compiler, const OpContext& context, const DenseForward& hint,
                        DenseTensors& tensors, Operand& gradient) {
    const auto& kept = tensors.weights.desc();
    const auto biasDesc = tensors.bias ? hint.bias_desc() : MemoryDesc();
    const auto pd = preferBf16(
        compiler,
        [&] {
            return denseBackwardWeights(bf16DenseDesc(dimsOf(tensors.read.desc())),
                                        anyDesc(dimsOf(kept)), biasDesc,
                                        bf16DenseDesc(dimsOf(gradient.desc())), hint);
        },
        [&] {
            return describeWithWeights(kept, [&](const MemoryDesc& weights) {
                return denseBackwardWeights(tensors.read.desc(), weights, biasDesc, gradient.desc(),
                                            hint);
            });
        });
    const auto kernel = compiler.gradientTarget(tensors.kernel, pd.diff_weights_desc());
    std::optional<Compiler::GradientTarget> bias;
    if (tensors.bias)
        bias = compiler.gradientTarget(*tensors.bias, pd.diff_bias_desc());
    auto* source = tensors.read.as(pd.src_desc());
    auto* received = gradient.as(pd.diff_dst_desc());
    const bool own = takesOwnGradient(pd);
    if (own) {
        addOwnGradient(compiler, pd,
                       {source, received, kernel.buffer, bias ? bias->buffer : nullptr});
    } else {
        std::vector<Schedule::Argument> arguments{
            {DNNL_ARG_SRC, source, pd.src_desc()},
            {DNNL_ARG_DIFF_DST, received, pd.diff_dst_desc()},
            {DNNL_ARG_DIFF_WEIGHTS, kernel.buffer, kernel.desc}};
        if (bias)
            arguments.push_back({DNNL_ARG_DIFF_BIAS, bias->buffer, bias->desc});
        compiler.schedule().add(pd, std::move(arguments));
    }
    compiler.finishGradient(kernel, false);
    if (bias)
        compiler.finishGradient(*bias, false);
    compiler.reportBackward(
        context, implementationOf(compiler, own ? "own" : implementationOf(pd), pd.diff_dst_desc()),
        tensors.output->layout);
}

/// Samples, or steps of all samples.
std::int64_t rowsOf(const Layout& layout) {
    return layout.shape.rank() == 2 ? layout.batch * layout.shape[0] : layout.batch;
}

/// For `samples` samples.
DenseForward describeForward(Compiler& compiler, const OpContext& context, const DenseOp& op,
                             const Finish& finish, std::int64_t samples) {
    const auto& in = context.inputs[0]->layout;
    const auto features = in.shape[in.shape.rank() - 1];
    const auto rows = rowsOf(in) / in.batch * samples;
    const auto& stored = compiler.weights().stored(context.op.weights[0]);
    const auto kept = stored.isSet ? stored.desc : anyDesc({op.units, features});
    const auto bias = op.bias ? denseDesc({op.units}) : MemoryDesc();
    const auto kind = stored.isSet ? compiler.forwardKind() : dnnl::prop_kind::forward_training;
    auto pd = describeWithWeights(kept, [&](const MemoryDesc& weights) {
        return denseForward(kind, denseDesc({rows, features}), weights, bias,
                            denseDesc({rows, op.units}), finish);
    });
    if (!pd)
        throw Error("oneDNN has no dense layer for {} with {} inputs and {} units", context.op.path,
                    features, op.units);
    return pd;
}

void emitForward(Compiler& compiler, const OpContext& context, const DenseForward& dense,
                 DenseTensors& tensors, const ProductFinish& finish) {
    auto* source = tensors.read.as(dense.src_desc());
    auto* weights = tensors.weights.as(dense.weights_desc());
    const auto emit = [&](const auto& pd) {
        std::vector<Schedule::Argument> arguments{
            {DNNL_ARG_SRC, source, pd.src_desc()},
            {DNNL_ARG_WEIGHTS, weights, pd.weights_desc()},
            {DNNL_ARG_DST, tensors.output->buffer, pd.dst_desc()}};
        if (tensors.bias) {
            const auto units = dimsOf(pd.dst_desc())[1];
            arguments.push_back(
                {DNNL_ARG_BIAS, compiler.vectorWeight(*tensors.bias, units), pd.bias_desc()});
        }
        compiler.schedule().add(pd, std::move(arguments));
        compiler.reportForward(context, implementationOf(compiler, pd, pd.src_desc()),
                               tensors.output->layout, finish.told);
    };
    if (const auto product = denseProduct(dense, {finish.activation, finish.addend != nullptr}))
        emit(product);
    else
        emit(dense);
}

/// Rows of what is given, in its type.
MemoryDesc givenDesc(const Lowered& source, const DenseForward& single) {
    return source.layout.isBf16() ? bf16DenseDesc(dimsOf(single.src_desc())) : single.src_desc();
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const DenseOp& op) {
    lowerProduct(compiler, context, op, {.activation = context.fused});
}

void lowerProduct(Compiler& compiler, const OpContext& context, const DenseOp& op,
                  const ProductFinish& finish) {
    const Finish inPrimitive{finish.activation, finish.addend != nullptr};
    const auto& ids = context.op.weights;
    auto& weights = compiler.weights();
    // The weights lie as suits the whole batch.
    const auto whole =
        describeForward(compiler, context, op, inPrimitive,
                        compiler.parts() ? compiler.parts()->batch() : compiler.batch());
    if (!weights.stored(ids[0]).isSet)
        weights.setLayout(ids[0], compiler.graph().weight(ids[0]).shape.dims(),
                          whole.weights_desc());
    if (op.bias && !weights.stored(ids[1]).isSet)
        weights.setLayout(ids[1], {op.units}, whole.bias_desc());
    if (sharesDense(compiler, whole) && !compiler.isRounded(ids[0]))
        return lowerShared(compiler, context, op, whole);

    const auto single = describeForward(compiler, context, op, inPrimitive, compiler.batch());
    auto* source = compiler.plainOfType(context.inputs[0]);
    DenseTensors tensors{.source = source,
                         .output = nullptr,
                         .kernel = ids[0],
                         .bias = {},
                         .read = Operand(compiler, source->buffer, givenDesc(*source, single)),
                         .weights = Operand(compiler, ids[0])};
    if (op.bias)
        tensors.bias = ids[1];
    const auto pd = preferBf16(
        compiler,
        [&] {
            return denseForward(compiler.forwardKind(), bf16DenseDesc(dimsOf(single.src_desc())),
                                bf16AnyDesc(dimsOf(single.weights_desc())),
                                op.bias ? single.bias_desc() : MemoryDesc(), single.dst_desc(),
                                inPrimitive);
        },
        [&] { return single; });
    const auto layout = compiler.plainLayout(context.op.output());
    tensors.output = compiler.makeOutput(context, layout);
    if (finish.addend)
        fetchAddend(compiler, finish.addend, tensors.output);
    emitForward(compiler, context, pd, tensors, finish);
    if (!tensors.output->wantsGradient)
        return;
    compiler.onBackward([&compiler, context, pd, tensors]() mutable {
        auto* received = compiler.gradientOf(tensors.output);
        if (!received)
            return;
        Operand gradient(compiler, received, pd.dst_desc());
        if (context.trains)
            emitWeightGradient(compiler, context, pd, tensors, gradient);
        if (tensors.source->wantsGradient)
            emitDataGradient(compiler, context, pd, tensors, gradient);
    });
}

} // namespace gradwright::onednn
