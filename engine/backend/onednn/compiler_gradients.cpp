// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/elementwise.h"
#include "engine/support/stopped.h"

#include <algorithm>
#include <span>
#include <utility>

namespace gradwright::onednn {
namespace {

/// The sum of gradients that the value is; nullptr where it is none.
const Op* sumThatMakes(const OpGraph& graph, ValueId value) {
    const auto* op = graph.producerOf(value);
    return op && op->isBackward && std::holds_alternative<AddOp>(op->attributes) ? op : nullptr;
}

/// A gradient and all that is added to it, each once; sums of sums included.
std::vector<ValueId> gradientTerms(const OpGraph& graph, ValueId gradient) {
    std::vector<ValueId> terms{gradient};
    for (std::size_t i = 0; i < terms.size(); ++i)
        if (const auto* sum = sumThatMakes(graph, terms[i]))
            terms.insert(terms.end(), sum->inputs.begin(), sum->inputs.end());
    std::ranges::sort(terms);
    terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
    return terms;
}

/// How many inputs of ops read each value.
std::vector<std::size_t> readsOf(const OpGraph& graph) {
    std::vector<std::size_t> reads(graph.values().size());
    for (const auto& op : graph.ops())
        for (const auto input : op.inputs)
            ++reads[input.index()];
    return reads;
}

} // namespace

void Compiler::emitBackward() {
    schedule_.beginBackward();
    terms_.resize(graph_.values().size());
    findReadGradients();
    for (auto i = graph_.backwardBegin(); i < graph_.ops().size(); ++i) {
        throwIfStopped(options_.stop);
        lowerBackward(i);
    }
    storeGradients();
    for (std::uint32_t i = 0; i < gradientBuffers_.size(); ++i) {
        auto& stored = weights_.stored(WeightId{i});
        if (gradientBuffers_[i]) {
            trained.push_back(WeightId{i});
            gradients.push_back(gradientBuffers_[i]);
        } else if (part() == 0 && graph_.weight(WeightId{i}).learns() && stored.isSet) {
            // Another program on the same store may have left something there.
            auto* gradient = schedule_.external(stored.gradient.bytes());
            schedule_.add({gradient}, [gradient](const RunContext&) {
                zeroBytes(gradient->as<std::byte>(), gradient->bytes());
            });
        }
    }
}

void Compiler::lowerBackward(std::size_t index) {
    const auto& op = graph_.ops()[index];
    if (const auto* seed = std::get_if<LossSeedOp>(&op.attributes))
        lowerSeed(op, *seed);
    else if (const auto* fused = std::get_if<GradientOp>(&op.attributes))
        lowerFused(op, *fused);
    else if (std::holds_alternative<AddOp>(op.attributes))
        lowerSum(op);
    else
        lowerGeneric(index);
}

void Compiler::lowerSeed(const Op& op, const LossSeedOp& seed) {
    const auto* value = values_[graph_.value(op.output()).gradientOf->index()];
    auto* buffer = schedule_.arena(value->layout.bytes());
    const auto samples = parts() ? parts()->batch() : batch_;
    const auto share = static_cast<float>(seed.weight / static_cast<double>(samples));
    schedule_.add({buffer}, [buffer, share](const RunContext&) {
        std::fill_n(buffer->as(), buffer->bytes() / sizeof(float), share);
    });
    terms_[op.output().index()] = {{value, buffer}};
    startAccount();
}

void Compiler::lowerSum(const Op& op) {
    GradientTerms terms;
    for (const auto input : op.inputs)
        terms.insert(terms.end(), terms_[input.index()].begin(), terms_[input.index()].end());
    const auto of = graph_.value(op.output()).gradientOf;
    if (terms.empty() || (!of && addedInStore_[op.output().index()]))
        return;
    const auto* value = of ? values_[of->index()] : terms.front().at;
    terms_[op.output().index()] = {{value, sumOf(value->layout, terms)}};
    reportBackward({op, {}, nullptr, false}, "own", value->layout);
}

void Compiler::lowerFused(const Op& op, const GradientOp& gradient) {
    const auto place = *graph_.placeOf(gradient.of);
    const auto& forward = graph_.ops()[place];
    auto* output = values_[forward.output().index()];
    if (!output && fusion_[place]) // the activation made it
        output = values_[graph_.ops()[*fusion_[place]].output().index()];
    auto* received = gradientIn(op.inputs[0], output->layout);
    if (!received)
        return;
    if (fusedInto_[place]) {
        if (!std::exchange(output->derivativeApplied, true)) {
            received = applyDerivative(*output->fused, output->layout, output->buffer, received);
            reportBackward({forward, {}, nullptr, false}, "eltwise", output->layout);
        }
        terms_[op.output().index()] = {{output, received}};
        return;
    }
    schedule_.beginOp(forward.path);
    output->gradients = {received};
    const auto further = std::span(forward.outputs).subspan(1);
    for (std::size_t i = 0; i < further.size(); ++i) {
        auto* other = values_[further[i].index()];
        if (auto* gradientOfOther = gradientIn(op.inputs[i + 1], other->layout))
            other->gradients = {gradientOfOther};
    }
    lowersFused_ = true;
    for (auto emit = backward_[place].rbegin(); emit != backward_[place].rend(); ++emit)
        (*emit)();
    lowersFused_ = false;
    output->gradients.clear();
    for (const auto other : further)
        values_[other.index()]->gradients.clear();
    auto made = op.outputs.begin();
    for (std::size_t i = 0; i < forward.inputs.size(); ++i) {
        // A value that is read twice has been taken with the first.
        auto terms = takeTerms(values_[forward.inputs[i].index()]);
        if (gradient.ofInputs[i])
            terms_[(made++)->index()] = std::move(terms);
    }
    for (std::size_t i = 0; i < forward.weights.size(); ++i) {
        if (!gradient.ofWeights[i])
            continue;
        const auto value = *made++;
        if (auto* buffer = std::exchange(fusedGradients_[forward.weights[i].index()], nullptr)) {
            lowered_.push_back({.layout = plainLayoutOf(graph_.weight(forward.weights[i]).shape),
                                .buffer = buffer});
            terms_[value.index()] = {{&lowered_.back(), buffer}};
        }
    }
}

void Compiler::lowerGeneric(std::size_t index) {
    const auto& op = graph_.ops()[index];
    for (const auto input : op.inputs) {
        const auto& terms = terms_[input.index()];
        if (values_[input.index()] || terms.empty())
            continue;
        const auto layout = terms.front().at->layout;
        lowered_.push_back({.layout = layout, .buffer = sumOf(layout, terms)});
        values_[input.index()] = &lowered_.back();
    }
    lowerOp(index);
    for (const auto output : op.outputs)
        if (const auto* value = values_[output.index()])
            terms_[output.index()] = {{value, value->buffer}};
}

Compiler::GradientTerms Compiler::takeTerms(Lowered* value) {
    GradientTerms terms;
    for (auto* buffer : std::exchange(value->gradients, {}))
        terms.push_back({value, buffer});
    for (auto* copy : value->copies)
        for (const auto& term : takeTerms(copy))
            terms.push_back(term);
    return terms;
}

Buffer* Compiler::sum(const std::vector<Buffer*>& terms, std::size_t bytes) {
    if (terms.size() == 1)
        return terms[0];
    auto* total = schedule_.arena(bytes);
    auto uses = terms;
    uses.push_back(total);
    schedule_.add(uses, [terms, total](const RunContext&) {
        const auto count = total->bytes() / sizeof(float);
        addInto(total->as(), terms[0]->as(), terms[1]->as(), count);
        for (std::size_t i = 2; i < terms.size(); ++i)
            addInto(total->as(), total->as(), terms[i]->as(), count);
    });
    return total;
}

Buffer* Compiler::sumOf(const Layout& layout, const GradientTerms& terms) {
    std::vector<Buffer*> here;
    for (std::size_t i = 0; i < terms.size(); ++i) {
        const auto& [at, buffer] = terms[i];
        if (sameMemory(at->layout, layout)) {
            here.push_back(buffer);
            continue;
        }
        // Those of one copy are added before they are brought here, in the place of the last.
        std::vector<Buffer*> there;
        std::size_t last = i;
        for (std::size_t j = 0; j < terms.size(); ++j)
            if (terms[j].at == at) {
                there.push_back(terms[j].buffer);
                last = j;
            }
        if (last != i)
            continue;
        auto* moved = schedule_.arena(layout.bytes());
        move(sum(there, at->layout.bytes()), at->layout, moved, layout);
        here.push_back(moved);
    }
    return sum(here, layout.bytes());
}

Buffer* Compiler::gradientIn(ValueId gradient, const Layout& layout) {
    auto& terms = terms_[gradient.index()];
    return terms.empty() ? nullptr : sumOf(layout, terms);
}

Buffer* Compiler::gradientOf(Lowered* value) {
    const auto terms = takeTerms(value);
    if (terms.empty())
        return nullptr;
    auto* gradient = sumOf(value->layout, terms);
    if (value->fused && !std::exchange(value->derivativeApplied, true))
        gradient = applyDerivative(*value->fused, value->layout, value->buffer, gradient);
    value->gradients = {gradient};
    return gradient;
}

Buffer* Compiler::applyDerivative(const Activation& activation, const Layout& layout,
                                  Buffer* output, Buffer* gradient) {
    const EltwiseSpec spec{activation, true};
    const auto flat = layout.flat();
    const auto hint = eltwiseForward(dnnl::prop_kind::forward_training, spec, flat);
    const auto pd = eltwiseBackward(spec, flat, hint);
    auto* result = schedule_.arena(layout.bytes());
    schedule_.add(pd, {{DNNL_ARG_DST, output, flat},
                       {DNNL_ARG_DIFF_DST, gradient, flat},
                       {DNNL_ARG_DIFF_SRC, result, flat}});
    schedule_.lastMayWriteOver(result, gradient);
    return result;
}

void Compiler::findReadGradients() {
    readGradients_.assign(graph_.weights().size(), false);
    addedInStore_.assign(graph_.values().size(), false);
    fusedGradients_.assign(graph_.weights().size(), nullptr);
    const auto reads = readsOf(graph_);
    std::vector<bool> isStored(graph_.values().size());
    for (const auto& [weight, value] : graph_.gradients()) {
        const auto terms = gradientTerms(graph_, value);
        std::size_t read = 0;
        std::size_t readBySums = 0;
        for (const auto term : terms) {
            read += reads[term.index()];
            if (const auto* sum = sumThatMakes(graph_, term))
                readBySums += sum->inputs.size();
        }
        readGradients_[weight.index()] = read > readBySums;
        for (const auto term : terms) {
            isStored[term.index()] = true;
            addedInStore_[term.index()] = read == readBySums;
        }
    }
    // What is no term of a gradient that is stored was read, or else it would be dead.
    for (const auto& op : graph_.ops())
        if (const auto* gradient = std::get_if<GradientOp>(&op.attributes)) {
            const auto& weights = graph_.ops()[*graph_.placeOf(gradient->of)].weights;
            auto made = op.outputs.begin() + std::ranges::count(gradient->ofInputs, true);
            for (std::size_t i = 0; i < weights.size(); ++i)
                if (gradient->ofWeights[i] && !isStored[(made++)->index()])
                    readGradients_[weights[i].index()] = true;
        }
}

void Compiler::storeGradients() {
    for (const auto& [weight, value] : graph_.gradients())
        storeGradient(weight, value);
}

/// What fused gradients made has been stored by them.
void Compiler::storeGradient(WeightId weight, ValueId gradient) {
    const auto& terms = terms_[gradient.index()];
    if (terms.empty()) {
        const auto* op = graph_.producerOf(gradient);
        if (op && std::holds_alternative<AddOp>(op->attributes))
            for (const auto input : op->inputs)
                storeGradient(weight, input);
        return;
    }
    const auto layout = plainLayoutOf(graph_.weight(weight).shape);
    storePlainGradient(weight, sumOf(layout, terms));
}

} // namespace gradwright::onednn
