// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/dense_gradient.h"
#include "engine/backend/onednn/kernels/elementwise.h"
#include "engine/backend/onednn/lower_dense.h"
#include "engine/backend/onednn/repeated_primitive.h"

#include <array>

namespace gradwright::onednn {
namespace {

/// Below, every part may as well keep a gradient of its own.
constexpr std::int64_t kLeastWeights = 1 << 16;
/// Beyond, denseGradient() reads the source too often.
constexpr std::int64_t kMostUnits = 256;
/// Rows that are multiplied in one go: each time all weights are read.
constexpr std::int64_t kLeastRows = 16;
/// Tasks of the weights' gradient, for any number of threads.
constexpr std::size_t kGradientTasks = 8;

/// A dense layer of the whole batch.
struct SharedDense {
    WeightId kernel;
    std::optional<WeightId> bias;
    Lowered* source;
    Lowered* output;
    std::int64_t rows, features, units; ///< rows of all parts
    MemoryDesc kept;                    ///< the weights
    std::byte *weights, *biases;
    const Activation* fused;

    [[nodiscard]] const float* sourceRow(std::int64_t row) const {
        return reinterpret_cast<const float*>(source->all) + row * features;
    }
};

/// Rows that one task multiplies.
struct Piece {
    std::int64_t first, rows;
};

std::vector<Piece> piecesOf(std::int64_t rows, std::size_t parts) {
    const auto most = static_cast<std::int64_t>(parts);
    const auto number = std::clamp<std::int64_t>(rows / kLeastRows, 1, most);
    const auto size = (rows + number - 1) / number;
    std::vector<Piece> pieces;
    for (std::int64_t first = 0; first < rows; first += size)
        pieces.push_back({first, std::min(size, rows - first)});
    return pieces;
}

DenseForward forwardOf(const Compiler& compiler, const SharedDense& dense, std::int64_t rows) {
    return denseForward(compiler.forwardKind(), denseDesc({rows, dense.features}), dense.kept,
                        dense.bias ? denseDesc({dense.units}) : MemoryDesc(),
                        denseDesc({rows, dense.units}), dense.fused);
}

/// One primitive of a task, with the memory that it works on.
class BoundPrimitive {
public:
    struct Argument {
        int argument;
        MemoryDesc desc;
        const void* data;
    };

    BoundPrimitive(const dnnl::primitive_desc_base& pd, std::vector<Argument> arguments) {
        const auto scratchpad = argumentDesc(pd, DNNL_ARG_SCRATCHPAD);
        if (scratchpad.get_size() > 0) {
            scratchpad_ = AlignedBuffer(scratchpad.get_size());
            arguments.push_back({DNNL_ARG_SCRATCHPAD, scratchpad, scratchpad_.data()});
        }
        std::vector<RepeatedPrimitive::Slot> slots;
        for (const auto& [argument, desc, data] : arguments) {
            slots.push_back({argument, desc});
            // Primitives take what they only read as void*, too.
            data_.push_back(static_cast<float*>(const_cast<void*>(data))); // NOLINT(*-const-cast)
        }
        primitive_.emplace(pd, std::move(slots));
    }

    void run() { primitive_->run(data_); }

private:
    AlignedBuffer scratchpad_;
    std::vector<float*> data_;
    std::optional<RepeatedPrimitive> primitive_;
};

using Primitives = std::vector<std::unique_ptr<BoundPrimitive>>;

void shareForward(Compiler& compiler, const OpContext& context, const SharedDense& dense) {
    auto primitives = std::make_shared<Primitives>();
    auto* output = reinterpret_cast<float*>(dense.output->all);
    for (const auto& piece : piecesOf(dense.rows, compiler.parts()->parts())) {
        const auto pd = forwardOf(compiler, dense, piece.rows);
        const auto product = denseProduct(pd, dense.fused);
        const auto bind = [&](const auto& chosen) {
            std::vector<BoundPrimitive::Argument> arguments{
                {DNNL_ARG_SRC, chosen.src_desc(), dense.sourceRow(piece.first)},
                {DNNL_ARG_WEIGHTS, chosen.weights_desc(), dense.weights},
                {DNNL_ARG_DST, chosen.dst_desc(), output + piece.first * dense.units}};
            if (dense.bias)
                arguments.push_back({DNNL_ARG_BIAS, chosen.bias_desc(), dense.biases});
            primitives->push_back(std::make_unique<BoundPrimitive>(chosen, std::move(arguments)));
            if (piece.first == 0)
                compiler.reportForward(context, implementationOf(chosen), dense.output->layout);
        };
        if (product)
            bind(product);
        else
            bind(pd);
    }
    compiler.shareStep(
        {primitives->size(), [primitives](std::size_t task) { (*primitives)[task]->run(); }});
}

void shareBackward(Compiler& compiler, const OpContext& context, const SharedDense& dense) {
    auto* received = compiler.gradientOf(dense.output);
    if (!received)
        return;
    const auto bytes = dense.output->layout.bytes() / sizeOf(dense.output->layout.batch);
    const auto gradient = compiler.sharedValue(bytes);
    compiler.schedule().add(
        {received, gradient.own}, [received, own = gradient.own](const RunContext&) {
            copyBytes(own->as<std::byte>(), received->as<std::byte>(), own->bytes());
        });
    const auto* rows = reinterpret_cast<const float*>(gradient.all);

    auto primitives = std::make_shared<Primitives>();
    Buffer* result = nullptr;
    if (dense.source->wantsGradient) {
        const auto& layout = dense.source->layout;
        const auto back = compiler.sharedValue(layout.bytes() / sizeOf(layout.batch));
        result = back.own;
        for (const auto& [first, count] : piecesOf(dense.rows, compiler.parts()->parts())) {
            const auto pd = denseBackwardData(denseDesc({count, dense.features}), dense.kept,
                                              denseDesc({count, dense.units}),
                                              forwardOf(compiler, dense, count));
            auto* target = reinterpret_cast<float*>(back.all) + first * dense.features;
            primitives->push_back(std::make_unique<BoundPrimitive>(
                pd, std::vector<BoundPrimitive::Argument>{
                        {DNNL_ARG_DIFF_DST, pd.diff_dst_desc(), rows + first * dense.units},
                        {DNNL_ARG_WEIGHTS, pd.weights_desc(), dense.weights},
                        {DNNL_ARG_DIFF_SRC, pd.diff_src_desc(), target}}));
        }
    }
    DenseGradientInputs inputs{dense.sourceRow(0), rows, sizeOf(dense.rows), sizeOf(dense.features),
                               sizeOf(dense.units)};
    std::optional<Compiler::GradientTarget> kernel, bias;
    if (context.trains && compiler.part() == 0) {
        kernel = compiler.sharedGradientTarget(dense.kernel);
        if (dense.bias)
            bias = compiler.sharedGradientTarget(*dense.bias);
    }
    const auto tasks = kernel ? denseGradientTasks(inputs, kGradientTasks) : 0;
    compiler.shareStep(
        {primitives->size() + tasks, [=, kernel = kernel ? kernel->buffer : nullptr,
                                      bias = bias ? bias->buffer : nullptr](std::size_t task) {
             if (task < primitives->size())
                 return (*primitives)[task]->run();
             denseGradientTask(inputs, kGradientTasks, task - primitives->size(), kernel->as(),
                               bias ? bias->as() : nullptr);
         }});
    if (kernel)
        compiler.finishGradient(*kernel, false);
    if (bias)
        compiler.finishGradient(*bias, false);
    compiler.reportBackward(context, "own", dense.output->layout);
    if (result)
        compiler.contribute(dense.source, result);
}

} // namespace

bool sharesDense(const Compiler& compiler, const DenseForward& whole) {
    if (!compiler.parts() || !compiler.differentiates() || compiler.usesBf16() ||
        !hasDenseGradient() || !isDenseGradientLayout(whole.weights_desc()))
        return false;
    const auto dims = dimsOf(whole.weights_desc());
    return dims[0] * dims[1] >= kLeastWeights && dims[0] <= kMostUnits &&
           whole.src_desc() == denseDesc(dimsOf(whole.src_desc()));
}

void lowerShared(Compiler& compiler, const OpContext& context, const DenseOp& op,
                 const DenseForward& whole) {
    const auto& ids = context.op.weights;
    auto* source = compiler.plainShared(context.inputs[0]);
    const auto layout = compiler.plainLayout(context.op.output());
    const auto dims = dimsOf(whole.src_desc());
    SharedDense dense{.kernel = ids[0],
                      .bias = op.bias ? std::optional(ids[1]) : std::nullopt,
                      .source = source,
                      .output = compiler.makeOutput(context, layout, true),
                      .rows = dims[0],
                      .features = dims[1],
                      .units = op.units,
                      .kept = whole.weights_desc(),
                      .weights = compiler.weights().stored(ids[0]).value.data(),
                      .biases = op.bias ? compiler.weights().stored(ids[1]).value.data() : nullptr,
                      .fused = context.fused};
    shareForward(compiler, context, dense);
    dense.fused = dense.output->fused ? &*dense.output->fused : nullptr; // outlives the context
    if (dense.output->wantsGradient)
        compiler.onBackward(
            [&compiler, context, dense] { shareBackward(compiler, context, dense); });
}

} // namespace gradwright::onednn
