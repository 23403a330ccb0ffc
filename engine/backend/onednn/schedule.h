// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/backend/memory/execution.h"
#include "engine/backend/onednn/arena_memory.h"
#include "engine/backend/onednn/primitives.h"

#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

namespace gradwright::onednn {

/// Memory that steps read and write: a piece of the arena, or someone else's.
class Buffer {
public:
    explicit Buffer(std::size_t bytes)
        : bytes_(bytes) {}
    explicit Buffer(std::span<std::byte> external)
        : bytes_(external.size())
        , data_(external.data()) {}

    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    /// Known once the schedule is planned.
    template <class T = float>
    [[nodiscard]] T* as() const {
        return reinterpret_cast<T*>(data_);
    }

private:
    friend class Schedule;

    std::size_t bytes_;
    std::byte* data_ = nullptr;
    std::optional<std::size_t> place_; ///< its number among those of the arena
    Buffer* whole_ = nullptr;          ///< that this is a piece of, …
    std::size_t offset_ = 0;           ///< … from that byte on
    bool isUsed_ = false;
    std::size_t op_ = 0; ///< of the step that uses it first
    bool kept_ = false;  ///< until the end of the program
};

/// What a step may depend on besides its buffers.
struct RunContext {
    StepSeed seed;
    std::span<const BatchInput> inputs; ///< of the graph, in its order
    std::size_t firstSample = 0;        ///< of the batch, where the program has a part of it
};

/// Hears of each step that has run.
class StepWatch {
public:
    using Time = std::chrono::steady_clock::time_point;

    StepWatch() = default;
    virtual ~StepWatch() = default;
    StepWatch(const StepWatch&) = delete;
    StepWatch& operator=(const StepWatch&) = delete;

    virtual void ran(std::size_t step, Time begin, Time end) = 0;
};

/// The steps of a program in the order of execution and the arena they work in. Built once: add
/// steps, then plan().
class Schedule {
public:
    using Kernel = std::function<void(const RunContext&)>;

    /// `planOnly`: to learn how much memory the steps need; they cannot run.
    explicit Schedule(bool planOnly = false)
        : planOnly_(planOnly) {}

    struct Argument {
        int argument;
        Buffer* buffer;
        MemoryDesc desc;
    };

    Buffer* arena(std::size_t bytes);
    Buffer* external(std::span<std::byte> memory) { return &buffers_.emplace_back(memory); }
    /// A run of bytes of another buffer, which lives as long as all of its pieces are needed.
    Buffer* pieceOf(Buffer* whole, std::size_t offset, std::size_t bytes);
    /// The buffer becomes a piece of another one: whatever writes it writes there. Returns false,
    /// and does nothing, for what is no memory of the arena of its own.
    bool moveInto(Buffer* piece, Buffer* whole, std::size_t offset);
    /// Keeps the contents for reading after the last step.
    void keep(Buffer* buffer) { rootOf(buffer)->kept_ = true; }

    /// Adds a scratchpad to the arguments when the primitive wants one.
    void add(const dnnl::primitive_desc_base& pd, std::vector<Argument> arguments);
    void add(std::vector<Buffer*> uses, Kernel kernel);
    /// The last added step may write `output` over `input`, if nobody needs that any more.
    void lastMayWriteOver(Buffer* output, Buffer* input);
    /// The steps added from now on need what all parts of the batch have done before: a pass is run
    /// in segments, between which the parts meet. A step that runs again does not wait again.
    /// Returns the number of the segment that ends here.
    std::size_t meet();
    /// The steps added from now on belong to another op.
    void beginOp(std::string path = {}) {
        ++op_;
        paths_.resize(op_ + 1);
        paths_[op_] = std::move(path);
    }
    /// Of the op that a step belongs to; empty where none was begun.
    [[nodiscard]] std::string_view pathOf(std::size_t step) const {
        return steps_[step].op < paths_.size() ? std::string_view(paths_[steps_[step].op]) : "";
    }
    /// The steps added from now on belong to the backward pass.
    void beginBackward() { backward_ = steps_.size(); }
    [[nodiscard]] bool isBackward() const { return backward_ <= steps_.size(); }

    [[nodiscard]] std::size_t steps() const { return steps_.size(); }
    /// The last step that uses the buffer; nothing where none does.
    [[nodiscard]] std::optional<std::size_t> lastUseOf(const Buffer* buffer) const;
    /// The size of the buffers that the steps from that one on use.
    [[nodiscard]] std::size_t bytesSince(std::size_t step) const;

    /// Places all buffers in one arena; `recompute`: one as small as running parts of the forward
    /// pass again makes it. Throws WorkStopped when stopped.
    void plan(bool recompute = false, const std::stop_token& stop = {});
    /// After plan().
    [[nodiscard]] const Execution& execution() const { return execution_; }

    /// A run of places in execution().order.
    struct Segment {
        std::size_t first, last;
    };
    /// The segments of each pass, in order; at least one. Some may be empty. After plan().
    [[nodiscard]] std::span<const Segment> forwardSegments() const { return forward_; }
    [[nodiscard]] std::span<const Segment> backwardSegments() const { return backwardPass_; }
    /// From now on, run() adds what each step takes to its entry, in seconds; nullptr: no longer.
    void timeSteps(std::vector<double>* seconds) { stepSeconds_ = seconds; }
    /// Returns false when stopped between two steps. `watch` may be null.
    bool run(const Segment& segment, const RunContext& context, const std::stop_token& stop,
             StepWatch* watch = nullptr);

    [[nodiscard]] std::size_t arenaBytes() const { return arenaBytes_; }
    /// What it would be if each step ran once.
    [[nodiscard]] std::size_t arenaBytesOnce() const { return arenaBytesOnce_; }

private:
    struct Step {
        std::size_t op = 0;
        std::vector<Buffer*> uses;
        Kernel kernel; ///< or, if empty, the primitive
        dnnl::primitive primitive;
        std::vector<Argument> arguments;
        std::vector<dnnl::memory> memories;
        std::vector<dnnl_exec_arg_t> executed;
        Buffer* output = nullptr; ///< may share the memory of `input`
        Buffer* input = nullptr;
    };

    /// The buffer that it is a piece of in the end, or itself.
    static Buffer* rootOf(Buffer* buffer);
    Step& append(std::vector<Buffer*> uses);
    void runStep(const Step& step, const RunContext& context);
    [[nodiscard]] Outline outline() const;
    [[nodiscard]] Outline::Step outlineOf(const Step& step) const;
    void bindArguments();
    [[nodiscard]] std::vector<Segment> segments(std::size_t first, std::size_t last,
                                                const std::vector<std::size_t>& meets) const;

    std::deque<Buffer> buffers_;  ///< addresses stay
    std::vector<Buffer*> pieces_; ///< those of the arena
    std::vector<Step> steps_;
    std::size_t op_ = 0;
    std::vector<std::string> paths_; ///< by op, where it has one
    std::size_t backward_ = ~std::size_t{0};
    std::vector<std::size_t> forwardMeets_, backwardMeets_; ///< steps before which parts meet
    std::vector<Segment> forward_, backwardPass_;
    bool planOnly_;
    Execution execution_;
    std::size_t arenaBytes_ = 0, arenaBytesOnce_ = 0;
    ArenaMemory arena_;
    std::vector<double>* stepSeconds_ = nullptr;
    dnnl::stream stream_{cpuEngine()};
};

} // namespace gradwright::onednn
