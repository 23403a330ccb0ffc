// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"

#include "engine/backend/onednn/kernels/elementwise.h"
#include "engine/support/stopped.h"

#include <algorithm>
#include <utility>

namespace gradwright::onednn {
namespace {

/// Whether an op's primitive can apply the activation to its output.
bool canFuse(const OpAttributes& attributes, const Activation& activation, bool differentiate) {
    if (!hasPrimitive(activation) || (differentiate && !hasDerivativeFromOutput(activation)))
        return false;
    return std::visit(
        Overloaded{[](const ConvOp&) { return true; }, [](const DenseOp&) { return true; },
                   [](const AddOp&) { return true; },
                   [&](const BatchNormOp&) { return activation.kind == ActivationKind::Relu; },
                   [](const auto&) { return false; }},
        attributes);
}

/// Copies a batch into the program's memory, as values.
void fetch(const BatchInput& input, const Buffer& buffer, std::size_t samples) {
    if (input.scaling)
        scaleSamples(buffer.as(), static_cast<const std::uint8_t*>(input.data), *input.scaling,
                     samples, buffer.bytes() / sizeof(float) / samples);
    else
        copyBytes(buffer.as<std::byte>(), static_cast<const std::byte*>(input.data),
                  buffer.bytes());
}

} // namespace

Compiler::Compiler(const OpGraph& graph, std::int64_t batch, CompilerOptions options,
                   OneDnnWeights& weights, Schedule& schedule)
    : graph_(graph)
    , batch_(batch)
    , options_(std::move(options))
    , weights_(weights)
    , schedule_(schedule)
    , values_(graph.values().size())
    , weightBuffers_(graph.weights().size())
    , gradientBuffers_(graph.weights().size()) {}

void Compiler::run() {
    analyse();
    if (!options_.keepEverything)
        fuseActivations();
    findBf16Values();
    lowerInputs();
    lowerWeightValues();
    startAccount();
    backward_.resize(graph_.ops().size());
    const auto forward = graph_.backwardBegin();
    for (std::size_t i = 0; i < forward; ++i) {
        throwIfStopped(options_.stop);
        if (live_[i] && !fusedInto_[i])
            lowerOp(i);
    }

    weights_.setRemainingLayouts();
    if (options_.differentiate)
        weights_.prepareTraining(options_.slots);
    keepReadable();
    if (options_.differentiate)
        emitBackward();
}

void Compiler::keepReadable() {
    std::vector<ValueId> wanted;
    for (const auto& output : graph_.outputs())
        wanted.push_back(output.value);
    for (const auto& loss : graph_.losses())
        wanted.push_back(loss.perSample);
    if (options_.keepEverything)
        for (std::uint32_t i = 0; i < values_.size(); ++i)
            wanted.push_back(ValueId{i});
    for (const auto id : wanted) {
        auto* value = values_[id.index()];
        const bool isKnown = std::ranges::find(readable, id, &Readable::value) != readable.end();
        if (!value || value->isClass || isKnown)
            continue;
        readable.push_back({id, plain(value)->buffer});
        schedule_.keep(readable.back().buffer);
    }
}

void Compiler::analyse() {
    std::vector<ValueId> wanted;
    for (const auto& loss : graph_.losses())
        wanted.push_back(loss.perSample);
    inObjective_ = graph_.opsBehind(wanted);
    for (const auto& output : graph_.outputs())
        wanted.push_back(output.value);
    live_ = graph_.opsBehind(wanted);

    wantsGradient_.assign(graph_.values().size(), false);
    for (std::size_t i = 0; i < wantsGradient_.size(); ++i)
        if (const auto weight = graph_.values()[i].weight)
            wantsGradient_[i] = options_.differentiate && graph_.weight(*weight).learns();
    readers_.assign(graph_.values().size(), 0);
    for (const auto value : wanted)
        ++readers_[value.index()];
    for (std::size_t i = 0; i < graph_.ops().size(); ++i) {
        if (!live_[i])
            continue;
        const auto& op = graph_.ops()[i];
        for (const auto input : op.inputs)
            ++readers_[input.index()];
        if (!inObjective_[i] || !options_.differentiate)
            continue;
        const bool hasWeights = std::ranges::any_of(
            op.weights, [&](WeightId id) { return graph_.weight(id).learns(); });
        // Indices have no gradient, whatever they were computed from.
        const bool hasInputs =
            !std::holds_alternative<EmbeddingOp>(op.attributes) &&
            std::ranges::any_of(op.inputs, [&](ValueId id) { return wantsGradient_[id.index()]; });
        for (const auto output : op.outputs)
            wantsGradient_[output.index()] = (hasWeights || hasInputs) &&
                                             graph_.type(output).isReal() &&
                                             !std::holds_alternative<OneHotOp>(op.attributes);
    }
    fusedInto_.resize(graph_.ops().size());
    fusion_.resize(graph_.ops().size());
}

void Compiler::fuseActivations() {
    for (std::size_t i = 0; i < graph_.ops().size(); ++i) {
        const auto& op = graph_.ops()[i];
        const auto* next = std::get_if<ActivationOp>(&op.attributes);
        if (!live_[i] || !next)
            continue;
        const auto input = op.inputs[0];
        const auto producer = graph_.producerPlace(input);
        if (producer && readers_[input.index()] == 1 && !fusion_[*producer] &&
            canFuse(graph_.ops()[*producer].attributes, next->activation, options_.differentiate)) {
            fusion_[*producer] = i;
            fusedInto_[i] = *producer;
        }
    }
}

void Compiler::findBf16Values() {
    readAsBf16_.assign(graph_.values().size(), usesNativeBf16() && readsOnly());
    for (const auto& output : graph_.outputs())
        readAsBf16_[output.value.index()] = false;
    for (const auto& loss : graph_.losses())
        readAsBf16_[loss.perSample.index()] = false;
    for (auto i = graph_.ops().size(); i-- > 0;)
        if (live_[i] && !roundsInputs(i))
            for (const auto input : graph_.ops()[i].inputs)
                readAsBf16_[input.index()] = false;
}

/// What it makes is known already: readers come after what they read.
bool Compiler::roundsInputs(std::size_t op) const {
    const bool asItsReaders = readAsBf16_[graph_.ops()[op].output().index()];
    return std::visit(
        Overloaded{[](const ConvOp&) { return true; }, [](const DenseOp&) { return true; },
                   [](const FusedProductOp& fused) { return !fused.adds; },
                   // Rounding before or after it is the same.
                   [&](const PoolOp& pool) { return pool.kind == PoolKind::Max && asItsReaders; },
                   [&](const ReshapeOp&) { return asItsReaders; },
                   [&](const DropoutOp&) { return asItsReaders; }, // does nothing in inference
                   [&](const ActivationOp&) { return fusedInto_[op].has_value() && asItsReaders; },
                   [](const auto&) { return false; }},
        graph_.ops()[op].attributes);
}

bool Compiler::isReadAsBytes(ValueId value) const {
    if (graph_.isResult(value) || options_.keepEverything)
        return false;
    return std::ranges::all_of(graph_.usesOf(value), [&](const Use& use) {
        const auto& op = graph_.ops()[use.op];
        return std::visit(Overloaded{[](const QuantizedProductOp&) { return true; },
                                     [](const QuantizedPoolOp&) { return true; },
                                     [](const DequantizeOp&) { return true; },
                                     [&](const ConcatOp&) { return isReadAsBytes(op.output()); },
                                     [&](const PermuteOp&) { return isReadAsBytes(op.output()); },
                                     [&](const SplitOp&) {
                                         return std::ranges::all_of(op.outputs, [&](ValueId each) {
                                             return isReadAsBytes(each);
                                         });
                                     },
                                     [&](const PoolOp&) { return isReadAsBytes(op.output()); },
                                     [&](const ReshapeOp&) { return isReadAsBytes(op.output()); },
                                     [](const auto&) { return false; }},
                          op.attributes);
    });
}

void Compiler::lowerInputs() {
    inputCopies.resize(graph_.inputs().size());
    for (std::size_t i = 0; i < graph_.inputs().size(); ++i) {
        const auto id = graph_.inputs()[i].value;
        if (readers_[id.index()] == 0)
            continue;
        const auto& type = graph_.type(id);
        const auto layout = plainLayout(id);
        auto* value = parts() ? makeShared(layout, false) : make(layout, false);
        value->isClass = type.element == DType::I32;
        value->readers = readers_[id.index()];
        values_[id.index()] = value;
        inputCopies[i] = value->buffer;
        // Kept for finding a NaN afterwards; copied because the caller's memory may go before the
        // backward pass.
        schedule_.keep(value->buffer);
        schedule_.add({value->buffer},
                      [buffer = value->buffer, i, samples = batch_](const RunContext& context) {
                          fetch(context.inputs[i], *buffer, static_cast<std::size_t>(samples));
                      });
    }
}

void Compiler::lowerWeightValues() {
    for (std::uint32_t i = 0; i < values_.size(); ++i) {
        const auto& value = graph_.values()[i];
        if ((!value.weight && !value.constant) || !isRead(ValueId{i}))
            continue;
        Buffer* buffer = nullptr;
        if (value.weight) {
            buffer = plainWeight(*value.weight);
        } else {
            const auto numbers = value.constant->to(DType::F32);
            auto& memory = constants.emplace_back(numbers.bytes().size());
            std::ranges::copy(numbers.bytes(), memory.data());
            buffer = schedule_.external(memory.bytes());
        }
        const auto layout = plainLayoutOf(value.type.shapeFor(batch_));
        lowered_.push_back({.layout = layout,
                            .buffer = buffer,
                            .wantsGradient = wantsGradient_[i],
                            .readers = readers_[i]});
        values_[i] = &lowered_.back();
    }
}

void Compiler::lowerOp(std::size_t index) {
    lowering_ = index;
    const auto& op = graph_.ops()[index];
    schedule_.beginOp(op.path);
    OpContext context{op, {}, nullptr, false};
    for (const auto input : op.inputs)
        context.inputs.push_back(values_[input.index()]);
    if (fusion_[index])
        context.fused =
            &std::get<ActivationOp>(graph_.ops()[*fusion_[index]].attributes).activation;
    context.trains =
        options_.differentiate && inObjective_[index] &&
        std::ranges::any_of(op.weights, [&](WeightId id) { return graph_.weight(id).learns(); });
    std::visit(
        [&]<class O>(const O& attributes) {
            // Gradients are lowered beside their ops: see compiler_gradients.cpp.
            if constexpr (!std::is_same_v<O, GradientOp> && !std::is_same_v<O, LossSeedOp>)
                lower(*this, context, attributes);
        },
        op.attributes);
}

Lowered* Compiler::make(const Layout& layout, bool wantsGradient) {
    lowered_.push_back({layout, schedule_.arena(layout.bytes())});
    lowered_.back().wantsGradient = wantsGradient;
    return &lowered_.back();
}

Lowered* Compiler::makeShared(const Layout& layout, bool wantsGradient) {
    const auto shared = sharedValue(layout.bytes() / sizeOf(layout.batch));
    lowered_.push_back({layout, shared.own});
    lowered_.back().wantsGradient = wantsGradient;
    lowered_.back().all = shared.all;
    return &lowered_.back();
}

dnnl::prop_kind Compiler::forwardKind() const {
    return options_.differentiate ? dnnl::prop_kind::forward_training
                                  : dnnl::prop_kind::forward_inference;
}

Lowered* Compiler::makeOutput(const OpContext& context, const Layout& layout, bool shared,
                              std::size_t output) {
    auto id = context.op.outputs[output];
    const bool wanted = wantsGradient_[id.index()];
    auto* value = shared ? makeShared(layout, wanted) : make(layout, wanted);
    if (context.fused) {
        value->fused = *context.fused;
        id = graph_.ops()[*fusion_[*graph_.producerPlace(id)]].output();
    }
    value->readers = readers_[id.index()];
    values_[id.index()] = value;
    return value;
}

Lowered* Compiler::aliasOutput(const OpContext& context, Lowered* input, const Layout& layout) {
    const auto id = context.op.output();
    lowered_.push_back({layout, input->buffer});
    auto* value = &lowered_.back();
    value->wantsGradient = wantsGradient_[id.index()];
    value->dirtyPadding = input->dirtyPadding;
    value->all = input->all;
    value->readers = readers_[id.index()];
    values_[id.index()] = value;
    if (value->wantsGradient)
        onBackward([this, value, input] {
            if (auto* gradient = gradientOf(value))
                contribute(input, gradient);
        });
    return value;
}

Lowered* Compiler::pieceOutput(const OpContext& context, Lowered* input, const Layout& layout,
                               std::size_t output, std::size_t offset) {
    const auto id = context.op.outputs[output];
    lowered_.push_back({layout, schedule_.pieceOf(input->buffer, offset, layout.bytes())});
    auto* value = &lowered_.back();
    value->readers = readers_[id.index()];
    values_[id.index()] = value;
    return value;
}

void Compiler::moveChannels(Buffer* from, const Layout& fromLayout, Buffer* to,
                            const Layout& toLayout) {
    const auto rows = sizeOf(toLayout.batch * toLayout.positions());
    const auto columns = sizeOf(toLayout.shape[0]);
    const auto in = sizeOf(fromLayout.channels), out = sizeOf(toLayout.channels);
    schedule_.add({from, to}, [=](const RunContext&) {
        copyColumns(to->as(), out, from->as(), in, rows, columns);
    });
    ++report.reorders;
}

Lowered* Compiler::convert(Lowered* value, const Layout& layout, bool shared) {
    const auto suits = [&](const Lowered* given) {
        return sameMemory(given->layout, layout) && (!shared || given->all);
    };
    if (suits(value))
        return value;
    for (auto* copy : value->copies)
        if (suits(copy))
            return copy;
    auto* copy =
        shared ? makeShared(layout, value->wantsGradient) : make(layout, value->wantsGradient);
    value->copies.push_back(copy);

    copy->dirtyPadding = layout.channels == value->layout.channels && value->dirtyPadding;
    move(value->buffer, value->layout, copy->buffer, layout);
    return copy;
}

void Compiler::move(Buffer* from, const Layout& fromLayout, Buffer* to, const Layout& toLayout) {
    if (sameMemory(fromLayout, toLayout)) {
        schedule_.add({from, to}, [from, to](const RunContext&) {
            copyBytes(to->as<std::byte>(), from->as<std::byte>(), to->bytes());
        });
        return;
    }
    // With equal channels the padding is copied too; else oneDNN zeroes that of blocked targets.
    const bool whole = fromLayout.channels == toLayout.channels;
    const auto describe = [whole](const Layout& l) { return whole ? l.padded() : l.logical(); };
    const bool single = fromLayout.type == DType::F32 && toLayout.type == DType::F32;
    if (single && keepsChannelsTogether(fromLayout) && keepsChannelsTogether(toLayout))
        return moveChannels(from, fromLayout, to, toLayout);
    if (!whole && toLayout.isPadded() && blockOf(toLayout.format) == 1)
        schedule_.add({to},
                      [to](const RunContext&) { zeroBytes(to->as<std::byte>(), to->bytes()); });
    reorder(from, describe(fromLayout), to, describe(toLayout));
}

void Compiler::reorder(Buffer* from, const MemoryDesc& fromDesc, Buffer* to,
                       const MemoryDesc& toDesc) {
    schedule_.add(reorderFromTo(fromDesc, toDesc),
                  {{DNNL_ARG_FROM, from, fromDesc}, {DNNL_ARG_TO, to, toDesc}});
    ++report.reorders;
}

} // namespace gradwright::onednn
