// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/fused.h"

#include "engine/backend/onednn/kernels/channels.h"
#include "engine/backend/onednn/kernels/element_functions.h"
#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kFusedBlock = 1024;  // elements: a register is 4 KiB
constexpr std::size_t kFusedGrain = 16384; // elements that a thread takes at least
constexpr std::size_t kMostScratch = 40;   // registers that are no input or output
constexpr std::size_t kMostRegisters = 128;
constexpr std::size_t kMostOperands = 32;

/// A shape's lengths and how far a row-major array moves with each; both of the outputs' axes.
struct Axes {
    std::vector<std::size_t> lengths, strides;

    void add(std::size_t length, std::size_t stride) {
        if (length == 1)
            return;
        // One loop where the array goes on as in the axis around it.
        if (!lengths.empty() && strides.back() == stride * length) {
            lengths.back() *= length;
            strides.back() = stride;
            return;
        }
        lengths.push_back(length);
        strides.push_back(stride);
    }
};

/// By axis of the outputs, from the batch on: 0 where the input is repeated.
std::vector<std::size_t> stridesIn(const Shape& input, std::size_t rank) {
    std::vector<std::size_t> strides(rank);
    std::size_t stride = 1;
    for (auto axis = input.rank(); axis-- > 0;) {
        if (input[axis] != 1)
            strides[axis + rank - input.rank()] = stride;
        stride *= sizeOf(input[axis]);
    }
    return strides;
}

/// The outputs' axes in the order of their memory, and how far the input moves with each.
Axes axesOf(const Layout& layout, const Shape& input) {
    const auto strides = stridesIn(input, layout.shape.rank() + 1);
    Axes axes;
    axes.add(sizeOf(layout.batch), strides[0]);
    const auto addPositions = [&] {
        for (std::size_t axis = 1; axis < layout.shape.rank(); ++axis)
            axes.add(sizeOf(layout.shape[axis]), strides[axis + 1]);
    };
    const auto channels = sizeOf(layout.channels);
    const auto block = sizeOf(blockOf(layout.format));
    if (layout.format == Format::ChannelsLast) {
        addPositions();
        axes.add(channels, strides[1]);
    } else {
        axes.add(channels / block, strides[1] * block);
        addPositions();
        axes.add(block, strides[1]);
    }
    if (axes.lengths.empty())
        axes = {{1}, {0}};
    return axes;
}

} // namespace

void FusedLoops::Repeated::expand(float* out, const float* in, std::size_t begin,
                                  std::size_t size) const {
    const auto length = lengths.back();
    const auto stride = strides.back();
    auto row = begin / length;
    for (auto at = begin % length; size > 0; at = 0, ++row) {
        const auto count = std::min(length - at, size);
        auto place = at * stride;
        auto rest = row;
        for (auto axis = lengths.size() - 1; axis-- > 0;) {
            place += rest % lengths[axis] * strides[axis];
            rest /= lengths[axis];
        }
        if (stride == 0)
            std::fill_n(out, count, in[place]);
        else if (stride == 1)
            std::copy_n(in + place, count, out);
        else
            for (std::size_t i = 0; i < count; ++i)
                out[i] = in[place + i * stride];
        out += count;
        size -= count;
    }
}

FusedLoops::FusedLoops(const FusedOp& op, const Layout& layout,
                       const std::vector<std::optional<Shape>>& inputs)
    : op_(op)
    , layout_(layout)
    , size_(layout.elements()) {
    placeInputs(layout, inputs);
    placeSteps();
    const auto isWide = [](const ElementStep& step) {
        return step.operands.size() > kMostOperands;
    };
    if (scratch_ > kMostScratch || registers_.size() > kMostRegisters ||
        std::ranges::any_of(op_.steps, isWide))
        throw Error("a fused op of {} steps and {} inputs is too large", op_.steps.size(),
                    op_.inputs);
}

void FusedLoops::placeInputs(const Layout& layout,
                             const std::vector<std::optional<Shape>>& inputs) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!inputs[i]) {
            registers_.push_back({Register::Place::Input, i});
            continue;
        }
        auto axes = axesOf(layout, *inputs[i]);
        registers_.push_back({Register::Place::Scratch, scratch_});
        repeated_.push_back({i, scratch_++, std::move(axes.lengths), std::move(axes.strides)});
    }
}

std::size_t FusedLoops::lastReader(std::size_t index) const {
    std::size_t last = 0;
    for (std::size_t step = 0; step < op_.steps.size(); ++step)
        if (std::ranges::find(op_.steps[step].operands, index) != op_.steps[step].operands.end())
            last = step;
    return last;
}

std::size_t FusedLoops::takeScratch() {
    if (free_.empty())
        return scratch_++;
    const auto piece = free_.back();
    free_.pop_back();
    return piece;
}

void FusedLoops::placeSteps() {
    for (std::size_t step = 0; step < op_.steps.size(); ++step) {
        const auto index = op_.inputs + step;
        const auto result = std::ranges::find(op_.results, index);
        if (result != op_.results.end())
            registers_.push_back(
                {Register::Place::Output, static_cast<std::size_t>(result - op_.results.begin())});
        else
            registers_.push_back({Register::Place::Scratch, takeScratch()});
        // What is read for the last time makes room for the steps behind it.
        for (auto other = op_.inputs; other < index; ++other)
            if (registers_[other].place == Register::Place::Scratch && lastReader(other) == step)
                free_.push_back(registers_[other].number);
    }
}

void FusedLoops::run(std::span<float* const> outputs, std::span<const float* const> inputs) const {
    forChunks(size_, kFusedGrain, [&](std::size_t begin, std::size_t end) {
        alignas(64) std::array<std::array<float, kFusedBlock>, kMostScratch> scratch;
        std::array<const float*, kMostRegisters> read{};
        std::array<const float*, kMostOperands> operands{};
        for (const auto& input : repeated_)
            if (input.isNumber())
                std::fill_n(scratch[input.scratch].begin(), std::min(kFusedBlock, end - begin),
                            *inputs[input.input]);
        for (auto at = begin; at < end; at += kFusedBlock) {
            const auto size = std::min(kFusedBlock, end - at);
            for (const auto& input : repeated_)
                if (!input.isNumber())
                    input.expand(scratch[input.scratch].data(), inputs[input.input], at, size);
            for (std::size_t i = 0; i < op_.inputs; ++i)
                read[i] = registers_[i].place == Register::Place::Input
                              ? inputs[registers_[i].number] + at
                              : scratch[registers_[i].number].data();
            for (std::size_t i = 0; i < op_.steps.size(); ++i) {
                const auto& step = op_.steps[i];
                const auto& [place, number] = registers_[op_.inputs + i];
                float* out = place == Register::Place::Output ? outputs[number] + at
                                                              : scratch[number].data();
                for (std::size_t j = 0; j < step.operands.size(); ++j)
                    operands[j] = read[step.operands[j]];
                std::visit(
                    [&](const auto& function) {
                        applyFunction(function, out,
                                      ElementInputs(operands.data(), step.operands.size()), size);
                    },
                    step.function);
                read[op_.inputs + i] = out;
            }
        }
    });
    if (layout_.isPadded())
        for (auto* output : outputs)
            clearPadding(output);
}

void FusedLoops::clearPadding(float* out) const {
    const ChannelView view(layout_);
    const auto real = sizeOf(layout_.shape[0]);
    for (std::size_t sample = 0; sample < view.batch; ++sample)
        for (auto block = real / view.lanes; block < view.blocks; ++block) {
            const auto kept = block == real / view.lanes ? real % view.lanes : 0;
            auto* at = out + view.offset(sample, block);
            for (std::size_t position = 0; position < view.positions; ++position)
                std::fill_n(at + position * view.lanes + kept, view.lanes - kept, 0.0F);
        }
}

std::optional<FusedLoops::InPlace> FusedLoops::inPlaceOf(const FusedOp& op,
                                                         const std::vector<bool>& isWhole) {
    for (std::size_t output = 0; output < op.results.size(); ++output)
        for (std::size_t input = 0; input < op.inputs; ++input) {
            if (!isWhole[input])
                continue;
            const auto made = op.results[output] - op.inputs;
            const auto& operands = op.steps[made].operands;
            // A sum is taken term by term.
            bool isReadLater =
                std::holds_alternative<AddOp>(op.steps[made].function) &&
                std::find(operands.begin() + 2, operands.end(), input) != operands.end();
            for (auto step = made + 1; step < op.steps.size(); ++step)
                isReadLater = isReadLater || std::ranges::find(op.steps[step].operands, input) !=
                                                 op.steps[step].operands.end();
            if (!isReadLater)
                return InPlace{output, input};
        }
    return {};
}

} // namespace gradwright::onednn
