// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"

namespace gradwright::onednn {
namespace {

struct PoolPlan {
    dnnl::algorithm algorithm;
    Window window;
    PoolForward forward;
};

struct PoolTensors {
    Lowered* source;
    Lowered* output;
    Buffer* workspace; ///< where each maximum came from, or nullptr
};

dnnl::algorithm poolAlgorithmOf(const PoolOp& op) {
    if (op.kind == PoolKind::Max)
        return dnnl::algorithm::pooling_max;
    return op.countPadding ? dnnl::algorithm::pooling_avg_include_padding
                           : dnnl::algorithm::pooling_avg_exclude_padding;
}

/// The window over channels × rows × columns that gives `outputShape`, in the source's layout.
PoolTensors lowerPool(Compiler& compiler, const OpContext& context, const PoolPlan& plan,
                      Lowered* source, Lowered* output) {
    auto& schedule = compiler.schedule();
    const auto& pd = plan.forward;
    PoolTensors tensors{source, output, nullptr};
    std::vector<Schedule::Argument> arguments{{DNNL_ARG_SRC, source->buffer, pd.src_desc()},
                                              {DNNL_ARG_DST, output->buffer, pd.dst_desc()}};
    const auto workspace = argumentDesc(pd, DNNL_ARG_WORKSPACE);
    if (workspace.get_size() > 0) {
        tensors.workspace = schedule.arena(workspace.get_size());
        arguments.push_back({DNNL_ARG_WORKSPACE, tensors.workspace, workspace});
    }
    schedule.add(pd, std::move(arguments));
    output->dirtyPadding = source->dirtyPadding;
    compiler.reportForward(context, implementationOf(pd), output->layout);
    return tensors;
}

void emitPoolGradient(Compiler& compiler, const OpContext& context, const PoolPlan& plan,
                      const PoolTensors& tensors) {
    auto* gradient = compiler.gradientOf(tensors.output);
    if (!gradient || !tensors.source->wantsGradient)
        return;
    // Each maximum passes its gradient to one element of the same value, so the derivative of an
    // activation before the pool can be taken on the fewer elements after it.
    auto* source = tensors.source;
    const bool isMax = plan.algorithm == dnnl::algorithm::pooling_max;
    if (isMax && source->fused && source->readers == 1 && !source->derivativeApplied) {
        gradient = compiler.applyDerivative(*source->fused, tensors.output->layout,
                                            tensors.output->buffer, gradient);
        source->derivativeApplied = true;
    }
    const auto sourceDesc = source->layout.padded();
    const auto pd = poolBackward(plan.algorithm, sourceDesc, plan.forward.dst_desc(), plan.window,
                                 plan.forward);
    if (!pd)
        throw Error("oneDNN has no gradient of the pooling at {}", context.op.path);
    auto* result = compiler.schedule().arena(source->layout.bytes());
    std::vector<Schedule::Argument> arguments{{DNNL_ARG_DIFF_DST, gradient, pd.diff_dst_desc()},
                                              {DNNL_ARG_DIFF_SRC, result, pd.diff_src_desc()}};
    if (tensors.workspace)
        arguments.push_back(
            {DNNL_ARG_WORKSPACE, tensors.workspace, argumentDesc(pd, DNNL_ARG_WORKSPACE)});
    compiler.schedule().add(pd, std::move(arguments));
    compiler.contribute(source, result);
    compiler.reportBackward(context, implementationOf(pd), source->layout);
}

/// Describes the pool in the layout at hand or, when that has no fast implementation, in a blocked
/// one; converts the source accordingly.
PoolPlan planPool(Compiler& compiler, const OpContext& context, dnnl::algorithm algorithm,
                  const Window& window, const Shape& outputShape, Lowered*& source) {
    const auto describe = [&](const Layout& layout) {
        Layout output = layout;
        output.shape = outputShape;
        return poolForward(compiler.forwardKind(), algorithm, layout.padded(), output.padded(),
                           window);
    };
    PoolPlan plan{algorithm, window, describe(source->layout)};
    if (plan.forward && !isReference(plan.forward))
        return plan;
    if (source->layout.type != DType::F32) {
        source = compiler.convert(source, source->layout.as(DType::F32));
        return planPool(compiler, context, algorithm, window, outputShape, source);
    }
    auto blocked = source->layout;
    blocked.format = Format::Blocked16;
    blocked.channels = alignedChannels(blocked.shape[0]);
    if (auto other = describe(blocked); other && !isReference(other)) {
        source = compiler.convert(source, blocked);
        plan.forward = other;
    }
    if (!plan.forward)
        throw Error("oneDNN has no pooling for {}", context.op.path);
    return plan;
}

Layout withShape(const Layout& layout, const Shape& shape) {
    auto result = layout;
    result.shape = shape;
    return result;
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const PoolOp& op) {
    const auto window =
        windowOf(op.kernel, op.stride, {}, op.padding, context.inputs[0]->layout.shape.rank() - 1);
    const auto& shape = compiler.graph().type(context.op.output()).sample();
    auto* source = context.inputs[0];
    const auto plan = planPool(compiler, context, poolAlgorithmOf(op), window, shape, source);
    auto* output = compiler.makeOutput(context, withShape(source->layout, shape));
    const auto tensors = lowerPool(compiler, context, plan, source, output);
    if (output->wantsGradient)
        compiler.onBackward([&compiler, context, plan, tensors] {
            emitPoolGradient(compiler, context, plan, tensors);
        });
}

void lower(Compiler& compiler, const OpContext& context, const GlobalAveragePoolOp&) {
    auto* source = context.inputs[0];
    const auto shape = source->layout.shape;
    const auto axes = shape.rank() - 1;
    const Dims positions(shape.begin() + 1, shape.end());
    const Window window{positions, Dims(axes, 1), Dims(axes, 1), Dims(axes, 0), Dims(axes, 0)};
    auto pixel = shape;
    for (std::size_t axis = 1; axis < pixel.rank(); ++axis)
        pixel[axis] = 1;
    const auto plan = planPool(compiler, context, dnnl::algorithm::pooling_avg_exclude_padding,
                               window, pixel, source);
    auto* means = compiler.makeIntermediate(withShape(source->layout, pixel), context);
    const auto tensors = lowerPool(compiler, context, plan, source, means);
    if (means->wantsGradient)
        compiler.onBackward([&compiler, context, plan, tensors] {
            emitPoolGradient(compiler, context, plan, tensors);
        });
    compiler.aliasOutput(context, compiler.plain(means),
                         Layout::plain(compiler.batch(), {shape[0]}));
}

} // namespace gradwright::onednn
