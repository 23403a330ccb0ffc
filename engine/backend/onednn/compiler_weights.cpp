// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/elementwise.h"

#include <algorithm>

namespace gradwright::onednn {

Compiler::SharedValue Compiler::sharedValue(std::size_t bytesOfSample) {
    auto& group = *options_.parts;
    auto* all = group.matrix(matrices_++, bytesOfSample);
    const auto before = static_cast<std::size_t>(group.firstSample(part())) * bytesOfSample;
    auto* own = all ? all + before : nullptr;
    return {all, schedule_.external({own, static_cast<std::size_t>(batch_) * bytesOfSample})};
}

void Compiler::shareStep(SharedStep step) {
    const auto pass = schedule_.isBackward() ? Pass::Backward : Pass::Forward;
    const auto segment = schedule_.meet();
    for (const auto id : std::exchange(sharedTargets_, {}))
        gradientSegments[id] = segment;
    if (part() == 0)
        options_.parts->share(pass, segment, std::move(step));
}

void Compiler::meet(ChannelMeeting& meeting) {
    const auto pass = schedule_.isBackward() ? Pass::Backward : Pass::Forward;
    const auto segment = schedule_.meet();
    if (part() == 0)
        options_.parts->shareOverRanks(pass, segment, meeting);
}

Buffer* Compiler::weightBuffer(WeightId id) {
    auto*& buffer = weightBuffers_[id.index()];
    if (!buffer)
        buffer = schedule_.external(weights_.stored(id).value.bytes());
    if (isRounded(id) && !roundedWeights_.contains(id))
        roundedWeights_.emplace(id, roundedWeight(id, buffer));
    return isRounded(id) ? roundedWeights_.at(id) : buffer;
}

Buffer* Compiler::roundedWeight(WeightId id, Buffer* kept) {
    const auto& stored = weights_.stored(id);
    const auto& spec = graph_.weight(id);
    const auto large = dimsOf(stored.desc);
    const auto plain = denseDesc(large);
    auto* from = kept;
    if (!(stored.desc == plain)) {
        from = schedule_.arena(plain.get_size());
        reorder(kept, stored.desc, from, plain);
    }
    auto* rounded = schedule_.arena(plain.get_size());
    auto* elements = schedule_.arena(denseDesc(stored.dims).get_size());
    schedule_.add(
        {from, rounded, elements}, [=, how = *spec.rounding, channels = sizeOf(spec.shape[0]),
                                    length = sizeOf(stored.dims.back()),
                                    rows = rowOffsets(stored.dims, large)](const RunContext&) {
            if (elements->bytes() < rounded->bytes())
                zeroBytes(rounded->as<std::byte>(), rounded->bytes());
            for (std::size_t row = 0; row < rows.size(); ++row)
                std::copy_n(from->as() + rows[row], length, elements->as() + row * length);
            const std::span<float> all(elements->as(), rows.size() * length);
            roundWeights<float>(how, channels, all, all);
            for (std::size_t row = 0; row < rows.size(); ++row)
                std::copy_n(elements->as() + row * length, length, rounded->as() + rows[row]);
        });
    if (stored.desc == plain)
        return rounded;
    auto* back = schedule_.arena(stored.desc.get_size());
    reorder(rounded, plain, back, stored.desc);
    return back;
}

Buffer* Compiler::vectorWeight(WeightId id, std::int64_t channels) {
    if (!(weights_.stored(id).desc == denseDesc({channels})))
        throw Error("{} is shared by layers whose channels lie differently in memory; give each a "
                    "weight of its own",
                    graph_.weight(id).key);
    return weightBuffer(id);
}

Lowered* Compiler::withStoredChannels(Lowered* value, WeightId vector) {
    const auto& stored = weights_.stored(vector);
    auto layout = value->layout;
    if (stored.isSet)
        layout.channels = dimsOf(stored.desc)[0];
    if (layout.channels % blockOf(layout.format) != 0)
        layout.format = Format::Plain;
    return convert(value, layout);
}

Buffer* Compiler::weightAs(WeightId id, const MemoryDesc& desc) {
    const auto& stored = weights_.stored(id);
    if (stored.desc == desc)
        return weightBuffer(id);
    if (readsOnly() && !isRounded(id))
        return weightInForm(id, {desc});
    auto* copy = schedule_.arena(desc.get_size());
    reorder(weightBuffer(id), stored.desc, copy, desc);
    return copy;
}

Buffer* Compiler::weightInForm(WeightId id, const WeightForm& form) {
    const auto number = weights_.addForm(id, form);
    forms.push_back(number);
    return schedule_.external(weights_.forms().place(number));
}

Buffer* Compiler::plainWeight(WeightId id) {
    const auto dims = storedDims(graph_.weight(id).shape);
    if (!weights_.stored(id).isSet)
        weights_.setLayout(id, dims, denseDesc(dims));
    return weightAs(id, denseDesc(dims));
}

Compiler::GradientTarget Compiler::plainGradientTarget(WeightId id) {
    return gradientTarget(id, denseDesc(storedDims(graph_.weight(id).shape)));
}

Buffer* Compiler::gradientMemory(WeightId id) {
    auto& stored = weights_.stored(id);
    if (part() == 0)
        return schedule_.external(stored.gradient.bytes());
    auto* memory = schedule_.arena(stored.desc.get_size());
    schedule_.keep(memory);
    return memory;
}

Compiler::GradientTarget Compiler::gradientTarget(WeightId id, const MemoryDesc& desc) {
    auto& stored = weights_.stored(id);
    const bool first = graph_.weight(id).learns() && !gradientBuffers_[id.index()];
    const bool isValue = lowersFused_ && readGradients_[id.index()];
    if (first && stored.desc == desc && !isValue)
        return {id, desc, gradientMemory(id)};
    return {id, desc, schedule_.arena(desc.get_size())};
}

Compiler::GradientTarget Compiler::sharedGradientTarget(WeightId id) {
    const auto& stored = weights_.stored(id);
    sharedTargets_.push_back(id);
    if (graph_.weight(id).learns() && !gradientBuffers_[id.index()])
        return {id, stored.desc, gradientMemory(id)};
    constants.emplace_back(
        stored.desc.get_size()); // no memory of the arena, which others don't see
    return {id, stored.desc, schedule_.external(constants.back().bytes())};
}

Buffer* Compiler::plainGradient(const GradientTarget& target) {
    const auto& dims = weights_.stored(target.id).dims;
    const auto large = dimsOf(target.desc);
    auto* all = target.buffer;
    if (!(target.desc == denseDesc(large))) {
        all = schedule_.arena(denseDesc(large).get_size());
        reorder(target.buffer, target.desc, all, denseDesc(large));
    }
    if (large == dims)
        return all;
    auto* plain = schedule_.arena(denseDesc(dims).get_size());
    schedule_.add({all, plain}, [all, plain, length = sizeOf(dims.back()),
                                 rows = rowOffsets(dims, large)](const RunContext&) {
        for (std::size_t row = 0; row < rows.size(); ++row)
            std::copy_n(all->as() + rows[row], length, plain->as() + row * length);
    });
    return plain;
}

void Compiler::storePlainGradient(WeightId id, Buffer* plain) {
    const auto& stored = weights_.stored(id);
    const auto large = dimsOf(stored.desc);
    const auto target = gradientTarget(id, denseDesc(large));
    schedule_.add({plain, target.buffer},
                  [plain, to = target.buffer, length = sizeOf(stored.dims.back()),
                   rows = rowOffsets(stored.dims, large)](const RunContext&) {
                      if (plain->bytes() < to->bytes())
                          zeroBytes(to->as<std::byte>(), to->bytes());
                      for (std::size_t row = 0; row < rows.size(); ++row)
                          std::copy_n(plain->as() + row * length, length, to->as() + rows[row]);
                  });
    finishGradient(target, false);
}

void Compiler::finishGradient(const GradientTarget& target, bool maskPadding) {
    if (!graph_.weight(target.id).learns())
        return;
    auto& stored = weights_.stored(target.id);
    if (lowersFused_ && readGradients_[target.id.index()]) {
        fusedGradients_[target.id.index()] = plainGradient(target);
        return;
    }
    auto*& final = gradientBuffers_[target.id.index()];
    if (!final && stored.desc == target.desc) {
        final = target.buffer;
    } else if (!final) {
        final = gradientMemory(target.id);
        reorder(target.buffer, target.desc, final, stored.desc);
    } else {
        auto* term = target.buffer;
        if (!(stored.desc == target.desc)) {
            term = schedule_.arena(stored.desc.get_size());
            reorder(target.buffer, target.desc, term, stored.desc);
        }
        schedule_.add({final, term}, [sum = final, term](const RunContext&) {
            addInto(sum->as(), sum->as(), term->as(), sum->bytes() / sizeof(float));
        });
    }
    if (!maskPadding)
        return;
    constants.push_back(weights_.paddingMask(target.id));
    auto* mask = schedule_.external(constants.back().bytes());
    schedule_.add({final, mask}, [gradient = final, mask](const RunContext&) {
        multiplyInto(gradient->as(), mask->as(), gradient->bytes() / sizeof(float));
    });
}

} // namespace gradwright::onednn
