// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/integer_primitives.h"
#include "engine/backend/onednn/kernels/byte_product.h"
#include "engine/backend/onednn/numbers.h"

namespace gradwright::onednn {
namespace {

/// A quantized product as a convolution: a dense layer is one with a kernel of 1 × 1 over an image
/// of one column, whose rows are the samples.
struct IntegerProblem {
    Layout source, output;
    MemoryDesc sourceDesc, outputDesc;
    Dims kernel; ///< with groups in front
    Window window;
};

/// Channels last, so that none is padded.
Layout bytesLayout(const Compiler& compiler, ValueId value, DType type, bool isImage) {
    auto layout = compiler.plainLayout(value).as(type);
    if (isImage)
        layout.format = Format::ChannelsLast;
    return layout;
}

MemoryDesc rowsAsImage(std::int64_t rows, std::int64_t features, DType type) {
    return stridedDesc({1, features, rows, 1}, {features * rows, 1, features, features}, type);
}

IntegerProblem problemOf(const Compiler& compiler, const Op& op, const QuantizedProductOp& what) {
    const auto resultType = what.result ? what.result->type : DType::F32;
    const auto& graph = compiler.graph();
    IntegerProblem made;
    if (const auto* conv = std::get_if<ConvOp>(&what.product)) {
        const auto& in = graph.type(op.inputs[0]).sample();
        made.source = bytesLayout(compiler, op.inputs[0], what.x.type, true);
        made.output = bytesLayout(compiler, op.output(), resultType, true);
        made.sourceDesc = made.source.logical();
        made.outputDesc = made.output.logical();
        made.window =
            windowOf(conv->kernel, conv->stride, conv->dilation, conv->padding, in.rank() - 1);
        made.kernel = {conv->outChannels, in[0]};
        if (conv->groups > 1)
            made.kernel = {conv->groups, conv->outChannels / conv->groups, in[0] / conv->groups};
        made.kernel.insert(made.kernel.end(), made.window.kernel.begin(), made.window.kernel.end());
        return made;
    }
    const auto units = what.outChannels();
    made.source = bytesLayout(compiler, op.inputs[0], what.x.type, false);
    made.output = bytesLayout(compiler, op.output(), resultType, false);
    const auto features = graph.weight(op.weights[0]).shape[1];
    const auto rows = static_cast<std::int64_t>(made.source.elements()) / features;
    made.sourceDesc = rowsAsImage(rows, features, what.x.type);
    made.outputDesc = rowsAsImage(rows, units, resultType);
    made.kernel = {units, features, 1, 1};
    made.window = {{1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}};
    return made;
}

/// Whether oneDNN does all that follows the sums: it adds where the result's elements are as large
/// as those of what is added.
bool finishesInPrimitive(const QuantizedProductOp& op) {
    const bool hasFunction =
        op.activation.kind == ActivationKind::Identity || hasPrimitive(op.activation);
    return hasFunction && (!op.adds || op.addend.has_value() == op.result.has_value());
}

IntegerFinish finishOf(const QuantizedProductOp& op) {
    const auto scaling = scalingOf(op);
    IntegerFinish finish{.multipliers = scaling.multipliers,
                         .zeroOfSource = op.x.zero,
                         .adds = op.adds,
                         .addendFactor = scaling.addendFactor,
                         .resultFactor = scaling.resultFactor};
    if (op.addend) {
        finish.addendType = op.addend->type;
        finish.zeroOfAddend = op.addend->zero;
    }
    if (op.activation.kind != ActivationKind::Identity)
        finish.activation = &op.activation;
    if (op.result)
        finish.zeroOfResult = op.result->zero;
    return finish;
}

std::vector<std::string> toldOf(const QuantizedProductOp& op) {
    std::vector<std::string> told;
    if (op.adds)
        told.emplace_back("add");
    if (op.activation.kind != ActivationKind::Identity)
        told.push_back(info(op.activation.kind).key);
    return told;
}

/// `kernel` is how its bytes are to lie, where no other program has decided that.
void setWeightLayouts(Compiler& compiler, const Op& op, const Dims& dims,
                      const MemoryDesc& kernel) {
    auto& weights = compiler.weights();
    if (!weights.stored(op.weights[0]).isSet)
        weights.setLayout(op.weights[0], dims, kernel);
    if (op.weights.size() > 1)
        compiler.plainWeight(op.weights[1]);
}

Buffer* constantOf(Compiler& compiler, const RunArgument& argument) {
    auto& memory = compiler.constants.emplace_back(argument.desc.get_size());
    const auto bytes = argument.zeros.empty() ? std::as_bytes(std::span(argument.scales))
                                              : std::as_bytes(std::span(argument.zeros));
    std::ranges::copy(bytes, memory.data());
    return compiler.schedule().external(memory.bytes());
}

/// The bias as the primitive takes it.
Buffer* biasOf(Compiler& compiler, WeightId id, const std::vector<float>& multipliers) {
    const Dims dims{static_cast<std::int64_t>(multipliers.size())};
    if (!kBiasIsScaled)
        return compiler.weightAs(id, denseDesc(dims, DType::I32));
    auto* counts = compiler.plainWeight(id);
    auto* scaled = compiler.schedule().arena(denseDesc(dims).get_size());
    compiler.schedule().add({counts, scaled}, [=](const RunContext&) {
        for (std::size_t i = 0; i < multipliers.size(); ++i)
            scaled->as()[i] = counts->as()[i] * multipliers[i];
    });
    return scaled;
}

/// Brings what is added into the output's memory, whose elements are as large.
void bringAddend(Compiler& compiler, Lowered* addend, const Lowered* output, DType type) {
    auto* fitting = compiler.convert(addend, output->layout.as(type));
    compiler.schedule().add({fitting->buffer, output->buffer},
                            [from = fitting->buffer, to = output->buffer](const RunContext&) {
                                if (from->as() != to->as())
                                    std::copy_n(from->as<std::byte>(), to->bytes(),
                                                to->as<std::byte>());
                            });
    compiler.schedule().lastMayWriteOver(output->buffer, fitting->buffer);
}

void lowerInPrimitive(Compiler& compiler, const OpContext& context, const QuantizedProductOp& op,
                      const IntegerProblem& problem, const IntegerFinish& finish,
                      const ConvForward& pd) {
    const auto& weights = context.op.weights;
    auto* source = compiler.convert(context.inputs[0], problem.source);
    auto* output = compiler.makeOutput(context, problem.output);
    if (op.adds)
        bringAddend(compiler, context.inputs[1], output, finish.addendType);
    std::vector<Schedule::Argument> arguments{
        {DNNL_ARG_SRC, source->buffer, pd.src_desc()},
        {DNNL_ARG_WEIGHTS, compiler.weightAs(weights[0], pd.weights_desc()), pd.weights_desc()},
        {DNNL_ARG_DST, output->buffer, pd.dst_desc()}};
    if (weights.size() > 1)
        arguments.push_back(
            {DNNL_ARG_BIAS, biasOf(compiler, weights[1], finish.multipliers), pd.bias_desc()});
    for (const auto& argument : runArguments(finish))
        arguments.push_back({argument.argument, constantOf(compiler, argument), argument.desc});
    compiler.schedule().add(pd, std::move(arguments));
    compiler.reportForward(context, implementationOf(pd), output->layout, toldOf(op));
}

/// The kernel as our loops read it, see ByteProductTensors.
MemoryDesc kernelOfLoops(const ByteProductPlan& plan, const IntegerProblem& problem) {
    const auto& dims = problem.kernel;
    const bool hasGroups = dims.size() > problem.window.kernel.size() + 2;
    const auto channelsAt = hasGroups ? std::size_t{2} : std::size_t{1};
    Dims strides(dims.size());
    // Depthwise, what stands for the channels is the first axis.
    auto step = plan.isDepthwise() ? dims[0] : dims[channelsAt];
    for (auto axis = dims.size(); axis-- > channelsAt + 1;) {
        strides[axis] = step;
        step *= dims[axis];
    }
    strides[channelsAt] = 1;
    strides[channelsAt - 1] = plan.isDepthwise() ? 1 : step;
    if (hasGroups)
        strides[0] = plan.isDepthwise() ? 1 : step * dims[1];
    return stridedDesc(dims, strides, DType::I8);
}

ByteProductPlan planOf(const Compiler& compiler, const Op& op, const QuantizedProductOp& what) {
    auto made = shapeOf(compiler, op.output());
    auto given = shapeOf(compiler, op.inputs[0]);
    auto taps = compiler.graph().weight(op.weights[0]).shape;
    if (const auto* image = std::get_if<ConvOp>(&what.product))
        return {what, *image, given, taps, made};
    const auto rows = made.elements() / what.outChannels();
    return {what, ConvOp{}, {1, taps[1], rows}, {taps[0], taps[1], 1}, {1, taps[0], rows}};
}

/// By our own loops, for processors without VNNI and what oneDNN lacks.
void lowerByLoops(Compiler& compiler, const OpContext& context, const QuantizedProductOp& op,
                  const IntegerProblem& problem) {
    const auto& weights = context.op.weights;
    const auto plan = planOf(compiler, context.op, op);
    const auto kernelDesc = kernelOfLoops(plan, problem);
    setWeightLayouts(compiler, context.op, problem.kernel, kernelDesc);
    auto* source = compiler.convert(context.inputs[0], problem.source);
    auto* addend =
        op.adds ? compiler.convert(context.inputs[1], problem.output.as(plan.typeOfAddend))->buffer
                : nullptr;
    auto* kernel = compiler.weightAs(weights[0], kernelDesc);
    auto* bias = weights.size() > 1 ? compiler.plainWeight(weights[1]) : nullptr;
    auto* output = compiler.makeOutput(context, problem.output);
    std::vector<Buffer*> uses{source->buffer, kernel, output->buffer};
    for (auto* further : {addend, bias})
        if (further)
            uses.push_back(further);
    compiler.schedule().add(
        std::move(uses), [=, from = source->buffer, to = output->buffer](const RunContext&) {
            multiplyBytes(plan, {.out = to->as<std::byte>(),
                                 .x = from->as<std::byte>(),
                                 .kernel = kernel->as<std::int8_t>(),
                                 .bias = bias ? bias->as() : nullptr,
                                 .addend = addend ? addend->as<std::byte>() : nullptr});
        });
    compiler.reportForward(context, sumsBytesExactly() ? "own" : "own, without VNNI",
                           output->layout, toldOf(op));
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const QuantizedProductOp& op) {
    const auto problem = problemOf(compiler, context.op, op);
    if (sumsBytesExactly() && finishesInPrimitive(op)) {
        const auto finish = finishOf(op);
        const Dims channels{op.outChannels()};
        const auto bias = op.hasBias()
                              ? denseDesc(channels, kBiasIsScaled ? DType::F32 : DType::I32)
                              : MemoryDesc();
        if (const auto pd =
                integerConvForward(problem.sourceDesc, anyDesc(problem.kernel, DType::I8), bias,
                                   problem.outputDesc, problem.window, finish)) {
            setWeightLayouts(compiler, context.op, problem.kernel,
                             denseDesc(problem.kernel, DType::I8));
            return lowerInPrimitive(compiler, context, op, problem, finish, pd);
        }
    }
    lowerByLoops(compiler, context, op, problem);
}

} // namespace gradwright::onednn
