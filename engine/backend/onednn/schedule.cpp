// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/schedule.h"

#include "engine/support/error.h"

#include <algorithm>

namespace gradwright::onednn {

void Schedule::add(const dnnl::primitive_desc_base& pd, std::vector<Argument> arguments) {
    const auto scratchpad = argumentDesc(pd, DNNL_ARG_SCRATCHPAD);
    if (scratchpad.get_size() > 0)
        arguments.push_back({DNNL_ARG_SCRATCHPAD, arena(scratchpad.get_size()), scratchpad});
    Step step;
    for (const auto& argument : arguments)
        step.uses.push_back(argument.buffer);
    if (!planOnly_)
        step.primitive = dnnl::primitive(pd.get());
    step.arguments = std::move(arguments);
    steps_.push_back(std::move(step));
}

void Schedule::add(std::vector<Buffer*> uses, Kernel kernel) {
    Step step;
    step.uses = std::move(uses);
    step.kernel = std::move(kernel);
    steps_.push_back(std::move(step));
}

void Schedule::lastMayWriteOver(Buffer* output, Buffer* input) {
    steps_.back().output = output;
    steps_.back().input = input;
}

std::size_t Schedule::bytesSince(std::size_t step) const {
    std::size_t sum = 0;
    for (auto i = step; i < steps_.size(); ++i)
        for (const auto* buffer : steps_[i].uses)
            sum += buffer->bytes_;
    return sum;
}

void Schedule::plan() {
    findLifetimes();
    shareMemory();
    place();
    if (!planOnly_)
        bindArguments();
}

void Schedule::findLifetimes() {
    for (std::size_t i = 0; i < steps_.size(); ++i)
        for (auto* buffer : steps_[i].uses) {
            buffer->first_ = std::min(buffer->first_, i);
            buffer->last_ = std::max(buffer->last_, i);
        }
    for (auto& buffer : buffers_)
        if (buffer.kept_)
            buffer.last_ = steps_.size();
}

void Schedule::shareMemory() {
    const auto rootOf = [](Buffer* buffer) {
        while (buffer->sharing_)
            buffer = buffer->sharing_;
        return buffer;
    };
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        auto& step = steps_[i];
        if (!step.output)
            continue;
        auto* input = rootOf(step.input);
        const bool isOurs = !input->data_ && !step.output->data_;
        if (!isOurs || input->last_ != i || step.output->first_ != i ||
            step.output->bytes_ > input->bytes_)
            continue;
        step.output->sharing_ = input;
        input->last_ = step.output->last_;
    }
}

void Schedule::place() {
    std::vector<Buffer*> order;
    for (auto& buffer : buffers_)
        if (!buffer.data_ && !buffer.sharing_ && buffer.first_ != Buffer::kNever)
            order.push_back(&buffer);
    std::ranges::stable_sort(order, std::greater<>(), &Buffer::bytes_);

    // Largest first, each at the lowest offset that is free during its whole life.
    struct Placed {
        std::size_t begin, end;
        Buffer* buffer;
    };
    std::vector<Placed> placed; // by begin
    std::size_t size = 0;
    for (auto* buffer : order) {
        constexpr auto align = AlignedBuffer::kAlignment;
        const auto bytes = (buffer->bytes_ + align - 1) / align * align;
        std::size_t offset = 0;
        for (const auto& other : placed) {
            const bool overlaps =
                other.buffer->first_ <= buffer->last_ && buffer->first_ <= other.buffer->last_;
            if (!overlaps)
                continue;
            if (offset + bytes <= other.begin)
                break;
            offset = std::max(offset, other.end);
        }
        const Placed place{offset, offset + bytes, buffer};
        placed.insert(std::ranges::upper_bound(placed, offset, {}, &Placed::begin), place);
        size = std::max(size, place.end);
    }
    arenaBytes_ = size;
    if (planOnly_)
        return;
    arena_ = AlignedBuffer(size);
    for (const auto& place : placed)
        place.buffer->data_ = arena_.data() + place.begin;
    for (auto& buffer : buffers_) {
        auto* root = &buffer;
        while (root->sharing_)
            root = root->sharing_;
        buffer.data_ = root->data_;
    }
}

void Schedule::bindArguments() {
    for (auto& step : steps_)
        for (const auto& [argument, buffer, desc] : step.arguments) {
            step.memories.emplace_back(desc, cpuEngine(), buffer->data_);
            step.executed.push_back({argument, step.memories.back().get()});
        }
}

bool Schedule::runForward(const RunContext& context, const std::stop_token& stop) {
    return run(0, std::min(backward_, steps_.size()), context, stop);
}

bool Schedule::runBackward(const RunContext& context, const std::stop_token& stop) {
    return run(std::min(backward_, steps_.size()), steps_.size(), context, stop);
}

bool Schedule::run(std::size_t first, std::size_t last, const RunContext& context,
                   const std::stop_token& stop) {
    for (auto i = first; i < last; ++i) {
        if (stop.stop_requested())
            return false;
        const auto& step = steps_[i];
        if (step.kernel) {
            step.kernel(context);
            continue;
        }
        // The C call: the C++ one allocates a list of arguments each time.
        const auto status =
            dnnl_primitive_execute(step.primitive.get(), stream_.get(),
                                   static_cast<int>(step.executed.size()), step.executed.data());
        if (status != dnnl_success)
            throw Error("oneDNN failed to run a primitive (status {})", static_cast<int>(status));
    }
    stream_.wait();
    return true;
}

} // namespace gradwright::onednn
