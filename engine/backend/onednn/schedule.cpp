// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/schedule.h"

#include "engine/backend/memory/arena_plan.h"
#include "engine/support/error.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace gradwright::onednn {
namespace {

/// Whether a primitive of the forward pass only reads that argument.
bool isRead(int argument) {
    switch (argument) {
    case DNNL_ARG_SRC_0:
    case DNNL_ARG_SRC_1:
    case DNNL_ARG_SRC_2:
    case DNNL_ARG_WEIGHTS_0:
    case DNNL_ARG_WEIGHTS_1:
    case DNNL_ARG_BIAS:
    case DNNL_ARG_SCALE:
    case DNNL_ARG_SHIFT:
        return true;
    default:
        return argument >= DNNL_ARG_MULTIPLE_SRC && argument < DNNL_ARG_MULTIPLE_DST;
    }
}

} // namespace

Buffer* Schedule::arena(std::size_t bytes) {
    auto& buffer = buffers_.emplace_back(bytes);
    buffer.place_ = pieces_.size();
    pieces_.push_back(&buffer);
    return &buffer;
}

Buffer* Schedule::pieceOf(Buffer* whole, std::size_t offset, std::size_t bytes) {
    auto& piece = buffers_.emplace_back(bytes);
    piece.whole_ = whole;
    piece.offset_ = offset;
    return &piece;
}

bool Schedule::moveInto(Buffer* piece, Buffer* whole, std::size_t offset) {
    if (!piece->place_ || piece->whole_ || rootOf(whole) == piece)
        return false;
    piece->whole_ = whole;
    piece->offset_ = offset;
    if (piece->kept_)
        keep(whole);
    return true;
}

Buffer* Schedule::rootOf(Buffer* buffer) {
    while (buffer->whole_)
        buffer = buffer->whole_;
    return buffer;
}

void Schedule::add(const dnnl::primitive_desc_base& pd, std::vector<Argument> arguments) {
    const auto scratchpad = argumentDesc(pd, DNNL_ARG_SCRATCHPAD);
    if (scratchpad.get_size() > 0)
        arguments.push_back({DNNL_ARG_SCRATCHPAD, arena(scratchpad.get_size()), scratchpad});
    std::vector<Buffer*> uses;
    for (const auto& argument : arguments)
        uses.push_back(argument.buffer);
    auto& step = append(std::move(uses));
    if (!planOnly_)
        step.primitive = dnnl::primitive(pd.get());
    step.arguments = std::move(arguments);
}

void Schedule::add(std::vector<Buffer*> uses, Kernel kernel) {
    append(std::move(uses)).kernel = std::move(kernel);
}

Schedule::Step& Schedule::append(std::vector<Buffer*> uses) {
    for (auto* buffer : uses)
        if (!std::exchange(buffer->isUsed_, true))
            buffer->op_ = op_;
    auto& step = steps_.emplace_back();
    step.op = op_;
    step.uses = std::move(uses);
    return step;
}

void Schedule::lastMayWriteOver(Buffer* output, Buffer* input) {
    steps_.back().output = output;
    steps_.back().input = input;
}

std::optional<std::size_t> Schedule::lastUseOf(const Buffer* buffer) const {
    for (auto i = steps_.size(); i-- > 0;)
        if (std::ranges::find(steps_[i].uses, buffer) != steps_[i].uses.end())
            return i;
    return {};
}

std::size_t Schedule::bytesSince(std::size_t step) const {
    std::size_t sum = 0;
    for (auto i = step; i < steps_.size(); ++i)
        for (const auto* buffer : steps_[i].uses)
            sum += buffer->bytes_;
    return sum;
}

void Schedule::plan(bool recompute, const std::stop_token& stop) {
    const auto outline = this->outline();
    execution_ = runOnce(outline);
    auto arena = planArena(outline, execution_);
    arenaBytesOnce_ = arena.bytes;
    if (recompute) {
        auto again = runAgain(outline);
        if (auto smaller = planArena(outline, again); smaller.bytes < arena.bytes) {
            arena = std::move(smaller);
            execution_ = std::move(again);
        }
    }
    arenaBytes_ = arena.bytes;
    forward_ = segments(0, execution_.backward, forwardMeets_);
    backwardPass_ = segments(execution_.backward, execution_.order.size(), backwardMeets_);
    if (planOnly_)
        return;
    arena_ = ArenaMemory(arena.bytes, stop);
    for (std::size_t i = 0; i < pieces_.size(); ++i)
        pieces_[i]->data_ = arena_.data() + arena.offsets[i];
    for (auto& buffer : buffers_) {
        if (!buffer.whole_)
            continue;
        std::size_t offset = 0;
        for (const auto* piece = &buffer; piece->whole_; piece = piece->whole_)
            offset += piece->offset_;
        buffer.data_ = rootOf(&buffer)->data_ + offset;
    }
    bindArguments();
}

Outline Schedule::outline() const {
    Outline outline;
    outline.backward = std::min(backward_, steps_.size());
    for (const auto* piece : pieces_) {
        outline.bytes.push_back(piece->whole_ ? 0 : piece->bytes_);
        outline.kept.push_back(!piece->whole_ && piece->kept_);
    }
    for (const auto& step : steps_)
        outline.steps.push_back(outlineOf(step));
    return outline;
}

Outline::Step Schedule::outlineOf(const Step& step) const {
    Outline::Step outline;
    outline.op = step.op;
    const auto onlyReads = [&](const Buffer* buffer) {
        return !step.kernel && std::ranges::all_of(step.arguments, [&](const Argument& argument) {
            return argument.buffer != buffer || isRead(argument.argument);
        });
    };
    for (auto* buffer : step.uses) {
        const auto place = rootOf(buffer)->place_;
        if (!place)
            continue;
        outline.uses.push_back(*place);
        if (buffer->op_ == step.op && !onlyReads(buffer))
            outline.changes.push_back(*place);
    }
    // A piece lies where its whole says.
    const bool arePieces = step.output && (step.output->whole_ || step.input->whole_);
    if (step.output && !arePieces && step.output->place_ && step.input->place_)
        outline.inPlace = {*step.output->place_, *step.input->place_};
    return outline;
}

void Schedule::bindArguments() {
    for (auto& step : steps_)
        for (const auto& [argument, buffer, desc] : step.arguments) {
            step.memories.emplace_back(desc, cpuEngine(), buffer->data_);
            step.executed.push_back({argument, step.memories.back().get()});
        }
}

std::size_t Schedule::meet() {
    auto& meets = isBackward() ? backwardMeets_ : forwardMeets_;
    meets.push_back(steps_.size());
    return meets.size() - 1;
}

std::vector<Schedule::Segment> Schedule::segments(std::size_t first, std::size_t last,
                                                  const std::vector<std::size_t>& meets) const {
    std::vector<Segment> segments{{first, first}};
    auto meet = meets.begin();
    for (auto i = first; i < last; ++i) {
        const auto step = execution_.order[i];
        // In the backward pass, steps of the forward pass run again for the step behind them.
        const bool isFirstRun = step >= backward_ || first < execution_.backward;
        for (; isFirstRun && meet != meets.end() && step >= *meet; ++meet)
            segments.push_back({i, i});
        segments.back().last = i + 1;
    }
    for (; meet != meets.end(); ++meet)
        segments.push_back({last, last});
    return segments;
}

void Schedule::runStep(const Step& step, const RunContext& context) {
    if (step.kernel)
        return step.kernel(context);
    // The C call: the C++ one allocates a list of arguments each time.
    const auto status =
        dnnl_primitive_execute(step.primitive.get(), stream_.get(),
                               static_cast<int>(step.executed.size()), step.executed.data());
    if (status != dnnl_success)
        throw Error("oneDNN failed to run a primitive (status {})", static_cast<int>(status));
}

bool Schedule::run(const Segment& segment, const RunContext& context, const std::stop_token& stop,
                   StepWatch* watch) {
    using Clock = std::chrono::steady_clock;
    for (auto i = segment.first; i < segment.last; ++i) {
        if (stop.stop_requested())
            return false;
        const auto number = execution_.order[i];
        if (!stepSeconds_ && !watch) {
            runStep(steps_[number], context);
            continue;
        }
        const auto begin = Clock::now();
        runStep(steps_[number], context);
        stream_.wait();
        const auto end = Clock::now();
        if (stepSeconds_)
            (*stepSeconds_)[number] += std::chrono::duration<double>(end - begin).count();
        if (watch)
            watch->ran(number, begin, end);
    }
    stream_.wait();
    return true;
}

} // namespace gradwright::onednn
