// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/broadcast.h"
#include "engine/backend/onednn/kernels/reduce.h"
#include "engine/backend/onednn/numbers.h"

namespace gradwright::onednn {
namespace {

/// apply(loops, out, in) on the inputs broadcast to the output.
template <class Apply>
void lowerBroadcast(Compiler& compiler, const OpContext& context, const Apply& apply) {
    const auto inputs = allNumbers(compiler, context);
    std::vector<Shape> shapes;
    for (const auto input : context.op.inputs)
        shapes.push_back(shapeOf(compiler, input));
    const auto layout = compiler.plainLayout(context.op.output());
    auto* output = compiler.makeOutput(context, layout);
    std::vector<Buffer*> uses{output->buffer};
    std::array<Buffer*, kMostBroadcast> buffers{};
    for (std::size_t i = 0; i < inputs.size(); ++i)
        uses.push_back(buffers[i] = inputs[i]->buffer);
    const BroadcastLoops loops(shapeOf(compiler, context.op.output()), shapes);
    compiler.schedule().add(uses, [=, out = output->buffer](const RunContext&) {
        BroadcastInputs in{};
        for (std::size_t i = 0; i < loops.inputs(); ++i)
            in[i] = buffers[i]->as();
        apply(loops, out->as(), in);
    });
    compiler.reportForward(context, "own", layout);
}

/// apply(out, in, size) on each element.
template <class Apply>
void lowerEach(Compiler& compiler, const OpContext& context, const Apply& apply) {
    auto* source = numbers(compiler, context.inputs[0]);
    auto* output = compiler.makeOutput(context, source->layout);
    compiler.schedule().add({source->buffer, output->buffer},
                            [=, in = source->buffer, out = output->buffer](const RunContext&) {
                                apply(out->as(), in->as(), out->bytes() / sizeof(float));
                            });
    compiler.schedule().lastMayWriteOver(output->buffer, source->buffer);
    compiler.reportForward(context, "own", source->layout);
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const UnaryOp& op) {
    lowerEach(compiler, context, [op](float* out, const float* in, std::size_t size) {
        applyUnary(op, out, in, size);
    });
}

void lower(Compiler& compiler, const OpContext& context, const CastOp& op) {
    const auto from = compiler.graph().type(context.op.inputs[0]).element;
    lowerEach(compiler, context, [from, to = op.to](float* out, const float* in, std::size_t size) {
        applyCast(from, to, out, in, size);
    });
}

void lower(Compiler& compiler, const OpContext& context, const BinaryOp& op) {
    lowerBroadcast(compiler, context,
                   [op](const BroadcastLoops& loops, float* out, const BroadcastInputs& in) {
                       applyBinary(op, loops, out, in);
                   });
}

void lower(Compiler& compiler, const OpContext& context, const CompareOp& op) {
    lowerBroadcast(compiler, context,
                   [op](const BroadcastLoops& loops, float* out, const BroadcastInputs& in) {
                       applyCompare(op, loops, out, in);
                   });
}

void lower(Compiler& compiler, const OpContext& context, const LogicOp& op) {
    lowerBroadcast(compiler, context,
                   [op](const BroadcastLoops& loops, float* out, const BroadcastInputs& in) {
                       applyLogic(op, loops, out, in);
                   });
}

void lower(Compiler& compiler, const OpContext& context, const WhereOp& /*op*/) {
    lowerBroadcast(compiler, context,
                   [](const BroadcastLoops& loops, float* out, const BroadcastInputs& in) {
                       applyWhere(loops, out, in);
                   });
}

void lower(Compiler& compiler, const OpContext& context, const ExpandOp& /*op*/) {
    lowerBroadcast(compiler, context,
                   [](const BroadcastLoops& loops, float* out, const BroadcastInputs& in) {
                       applyExpand(loops, out, in);
                   });
}

void lower(Compiler& compiler, const OpContext& context, const FillOp& op) {
    const auto layout = compiler.plainLayout(context.op.output());
    auto* output = compiler.makeOutput(context, layout);
    compiler.schedule().add({output->buffer}, [value = static_cast<float>(op.value),
                                               out = output->buffer](const RunContext&) {
        std::fill_n(out->as(), out->bytes() / sizeof(float), value);
    });
    compiler.reportForward(context, "own", layout);
}

void lower(Compiler& compiler, const OpContext& context, const ShapeOp& op) {
    const auto lengths =
        op.lengthsOf(gradwright::Dims::of(shapeOf(compiler, context.op.inputs[0])));
    std::vector<float> values;
    for (const auto& length : lengths)
        values.push_back(static_cast<float>(length.number()));
    const auto layout = compiler.plainLayout(context.op.output());
    auto* output = compiler.makeOutput(context, layout);
    compiler.schedule().add({output->buffer}, [values, out = output->buffer](const RunContext&) {
        std::ranges::copy(values, out->as());
    });
    compiler.reportForward(context, "own", layout);
}

void lower(Compiler& compiler, const OpContext& context, const MatMulOp& op) {
    std::array<Lowered*, 2> factors{};
    std::array<MemoryDesc, 2> descs;
    const auto out = shapeOf(compiler, context.op.output());
    for (std::size_t i = 0; i < 2; ++i) {
        factors[i] = numbers(compiler, context.inputs[i]);
        const auto shape = shapeOf(compiler, context.op.inputs[i]);
        // As many axes as the output has; a transposed matrix is one of other strides.
        Dims dims(out.rank() - shape.rank(), 1);
        dims.insert(dims.end(), shape.begin(), shape.end());
        Dims strides(dims.size());
        std::int64_t stride = 1;
        for (auto axis = dims.size(); axis-- > 0;) {
            strides[axis] = stride;
            stride *= dims[axis];
        }
        if (i == 0 ? op.transposeA : op.transposeB) {
            std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
            std::swap(strides[dims.size() - 1], strides[dims.size() - 2]);
        }
        descs[i] = stridedDesc(dims, strides);
    }
    const auto target = denseDesc(Dims(out.begin(), out.end()));
    const auto pd = matrixProduct(descs[0], descs[1], target);
    if (!pd)
        throw Error("oneDNN has no product for {}", context.op.path);
    const auto layout = compiler.plainLayout(context.op.output());
    auto* output = compiler.makeOutput(context, layout);
    compiler.schedule().add(pd, {{DNNL_ARG_SRC, factors[0]->buffer, descs[0]},
                                 {DNNL_ARG_WEIGHTS, factors[1]->buffer, descs[1]},
                                 {DNNL_ARG_DST, output->buffer, target}});
    compiler.reportForward(context, implementationOf(pd), layout);
}

void lower(Compiler& compiler, const OpContext& context, const ReduceOp& op) {
    auto* source = numbers(compiler, context.inputs[0]);
    const ReducePlan plan(op, shapeOf(compiler, context.op.inputs[0]));
    const auto layout = compiler.plainLayout(context.op.output());
    auto* output = compiler.makeOutput(context, layout);
    compiler.schedule().add({source->buffer, output->buffer},
                            [plan, in = source->buffer, out = output->buffer](const RunContext&) {
                                reduce(plan, out->as(), in->as());
                            });
    compiler.reportForward(context, "own", layout);
    if (op.kind != ReduceKind::Product || !output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        auto* result = compiler.schedule().arena(source->layout.bytes());
        compiler.schedule().add(
            {source->buffer, gradient, result}, [=, in = source->buffer](const RunContext&) {
                reduceProductBackward(plan, result->as(), in->as(), gradient->as());
            });
        compiler.contribute(source, result);
        compiler.reportBackward(context, "own", source->layout);
    });
}

void lower(Compiler& compiler, const OpContext& context, const ArgMaxOp& op) {
    auto* source = numbers(compiler, context.inputs[0]);
    const LanePlan plan(shapeOf(compiler, context.op.inputs[0]), op.axis);
    const auto layout = compiler.plainLayout(context.op.output());
    auto* output = compiler.makeOutput(context, layout);
    compiler.schedule().add({source->buffer, output->buffer},
                            [=, in = source->buffer, out = output->buffer](const RunContext&) {
                                argMax(plan, op.minimum, out->as(), in->as());
                            });
    compiler.reportForward(context, "own", layout);
}

void lower(Compiler& compiler, const OpContext& context, const TopKOp& op) {
    auto* source = numbers(compiler, context.inputs[0]);
    const LanePlan plan(shapeOf(compiler, context.op.inputs[0]), op.axis);
    const auto layout = compiler.plainLayout(context.op.output());
    auto* values = compiler.makeOutput(context, layout);
    auto* indices = compiler.makeOutput(context, layout, false, 1);
    compiler.schedule().add(
        {source->buffer, values->buffer, indices->buffer},
        [=, in = source->buffer, out = values->buffer, at = indices->buffer](const RunContext&) {
            topK(plan, op, out->as(), at->as(), in->as());
        });
    compiler.reportForward(context, "own", layout);
    if (!values->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(values);
        if (!gradient)
            return;
        auto* result = compiler.schedule().arena(source->layout.bytes());
        compiler.schedule().add(
            {indices->buffer, gradient, result}, [=, at = indices->buffer](const RunContext&) {
                topKBackward(plan, sizeOf(op.k), result->as(), at->as(), gradient->as());
            });
        compiler.contribute(source, result);
        compiler.reportBackward(context, "own", source->layout);
    });
}

void lower(Compiler& compiler, const OpContext& context, const GatherOp& op) {
    auto* data = numbers(compiler, context.inputs[0]);
    auto* indices = numbers(compiler, context.inputs[1]);
    const LanePlan plan(shapeOf(compiler, context.op.inputs[0]), op.axis);
    const auto count = indices->layout.elements();
    const auto layout = compiler.plainLayout(context.op.output());
    auto* output = compiler.makeOutput(context, layout);
    compiler.schedule().add({data->buffer, indices->buffer, output->buffer},
                            [=, path = context.op.path, from = data->buffer, at = indices->buffer,
                             out = output->buffer](const RunContext&) {
                                gather(plan, path, out->as(), from->as(), at->as(), count);
                            });
    compiler.reportForward(context, "own", layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        auto* result = compiler.schedule().arena(data->layout.bytes());
        compiler.schedule().add(
            {indices->buffer, gradient, result}, [=, at = indices->buffer](const RunContext&) {
                gatherBackward(plan, result->as(), at->as(), count, gradient->as());
            });
        compiler.contribute(data, result);
        compiler.reportBackward(context, "own", data->layout);
    });
}

} // namespace gradwright::onednn
