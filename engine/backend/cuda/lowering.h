// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/backend/cuda/device.h"
#include "engine/backend/cuda/kernels/params.h"
#include "engine/backend/cuda/launch_cost.h"

#include <array>
#include <cstring>
#include <map>
#include <vector>

namespace gradwright::cuda {

/// A launch with the values of its arguments, ready to be handed to the driver.
struct PreparedLaunch {
    const char* family;
    const char* kernel;
    Launch launch;
    std::vector<std::byte> values;    ///< of all arguments, each aligned to 8
    std::vector<std::size_t> offsets; ///< in `values`
    std::size_t op;                   ///< its place in the graph; of none: how many ops there are
    LaunchCost cost{};                ///< in plans
};

/// Where the memory of a program lies.
struct ProgramMemory {
    std::vector<Address> values;                ///< by ValueId
    std::vector<Address> weights;               ///< by WeightId
    Address scratch = 0, state = 0, tables = 0; ///< see Lowering
    Address scalars = 0;                        ///< of StepScalars
    Address sums = 0;                           ///< of StepSums
    Address lossScale = 0;                      ///< of DeviceLossScale, in FP16

    /// Addresses of nothing, but not null, which says of a gradient that it is not wanted: for
    /// lowering a graph to know how much memory it takes.
    [[nodiscard]] static ProgramMemory nowhere(const OpGraph& graph);
    /// Addresses of nothing, each array with its own: for counting what launches cost. Their sizes
    /// go into `extents`.
    [[nodiscard]] static ProgramMemory apart(const OpGraph& graph, std::int64_t batch,
                                             ArrayExtents& extents);
};

/// Numbers that an op needs beside its inputs, at an offset of the memory for such tables.
struct ConstantTable {
    std::size_t offset = 0;
    std::vector<std::byte> bytes;
};

/// The launches of a program, in the order in which its ops are lowered.
struct LaunchList {
    const OpGraph& graph;
    const CompileOptions& options;
    const ProgramMemory& memory;

    std::vector<PreparedLaunch> launches{};
    std::vector<PreparedLaunch> updates{}; ///< part of the update: of tracked statistics
    std::size_t scratchBytes = 0;          ///< that the op with the most needs
    std::size_t stateBytes = 0;            ///< of all ops together
    std::size_t tableBytes = 0;            ///< the same
    std::vector<ConstantTable> tables{};
    std::map<std::uint32_t, std::vector<Address>>
        states{};                    ///< by OpId, in the order of the requests
    ArrayExtents* extents = nullptr; ///< set in plans, which list launches with their cost

    /// What the gradients are scaled with; null but in FP16.
    [[nodiscard]] DeviceLossScale* lossScale() const {
        return options.precision == Precision::F16
                   ? reinterpret_cast<DeviceLossScale*>(memory.lossScale)
                   : nullptr;
    }

    /// As launched by `op`, a place in the graph.
    template <class... P, class... A>
    PreparedLaunch& add(std::size_t op, KernelName<void(P...)> kernel, const Launch& launch,
                        A&&... arguments) {
        static_assert(sizeof...(P) == sizeof...(A));
        return launches.emplace_back(
            prepare<P...>(op, kernel, launch, static_cast<P>(arguments)...));
    }

    /// As launched by no op.
    template <class... P, class... A>
    PreparedLaunch& addOfNone(KernelName<void(P...)> kernel, const Launch& launch,
                              A&&... arguments) {
        return add(graph.ops().size(), kernel, launch, std::forward<A>(arguments)...);
    }

    /// Into `updates`.
    template <class... P, class... A>
    void addToUpdate(std::size_t op, KernelName<void(P...)> kernel, const Launch& launch,
                     A&&... arguments) {
        updates.push_back(prepare<P...>(op, kernel, launch, static_cast<P>(arguments)...));
    }

    template <class... P>
    [[nodiscard]] PreparedLaunch prepare(std::size_t op, KernelName<void(P...)> kernel,
                                         const Launch& launch, const P&... arguments) const {
        PreparedLaunch prepared{kernel.family, kernel.name, launch, {}, {}, op};
        (append(prepared, arguments), ...);
        if (extents) {
            CostCount count(*extents);
            (count.add(arguments), ...);
            prepared.cost = count.cost();
        }
        return prepared;
    }
    template <class T>
    static void append(PreparedLaunch& prepared, const T& value) {
        static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 8);
        const auto at = (prepared.values.size() + 7) / 8 * 8;
        prepared.values.resize(at + sizeof(T));
        std::memcpy(prepared.values.data() + at, &value, sizeof(T));
        prepared.offsets.push_back(at);
    }
};

/// What the lowering of an op works with. Arrays are row-major, without padding; integers and truth
/// values that ops make are kept as real numbers.
class Lowering {
public:
    /// `place`: of the op, or of the gradient whose op is at `forward`.
    Lowering(LaunchList& list, std::size_t place, std::size_t forward)
        : list_(list)
        , place_(place)
        , op_(list.graph.ops()[forward]) {}

    [[nodiscard]] const OpGraph& graph() const { return list_.graph; }
    [[nodiscard]] const Op& op() const { return op_; }
    /// For what kernels report of it, see StepSums.
    [[nodiscard]] std::int32_t placeOfOp() const { return static_cast<std::int32_t>(place_); }
    [[nodiscard]] std::int64_t batch() const { return list_.options.batch; }
    [[nodiscard]] bool isTraining() const { return list_.options.mode == Mode::Training; }

    [[nodiscard]] std::size_t inputs() const { return op_.inputs.size(); }
    [[nodiscard]] Shape inputShape(std::size_t i = 0) const { return shapeOf(op_.inputs[i]); }
    [[nodiscard]] Shape outputShape(std::size_t i = 0) const { return shapeOf(op_.outputs[i]); }
    [[nodiscard]] float* input(std::size_t i = 0) const { return array(op_.inputs[i]); }
    [[nodiscard]] float* output(std::size_t i = 0) const { return array(op_.outputs[i]); }
    [[nodiscard]] float* weight(std::size_t i = 0) const {
        return reinterpret_cast<float*>(list_.memory.weights[op_.weights[i].index()]);
    }
    /// Whether the input is fed as I32: then indices() holds it and input() is nothing.
    [[nodiscard]] bool isFedAsIndices(std::size_t i) const;
    /// Throws Error for an input that is not fed as I32.
    [[nodiscard]] const std::int32_t* indices(std::size_t i) const;
    [[nodiscard]] const StepScalars* scalars() const {
        return reinterpret_cast<const StepScalars*>(list_.memory.scalars);
    }
    [[nodiscard]] Precision precision() const { return list_.options.precision; }
    /// Null but in FP16.
    [[nodiscard]] const DeviceLossScale* lossScale() const { return list_.lossScale(); }
    [[nodiscard]] StepSums* sums() const { return reinterpret_cast<StepSums*>(list_.memory.sums); }

    /// Memory until the op has run.
    template <class T>
    T* scratch(std::size_t count) {
        const auto at = take(scratchUsed_, count * sizeof(T));
        list_.scratchBytes = std::max(list_.scratchBytes, scratchUsed_);
        return made<T>(list_.memory.scratch + at, count);
    }
    /// What was taken since scratchUsed() was `mark` may be taken again by later launches.
    [[nodiscard]] std::size_t scratchUsed() const { return scratchUsed_; }
    void reuseScratch(std::size_t mark) { scratchUsed_ = mark; }
    /// Memory that lasts from the forward to the backward pass; in the lowering of the gradient
    /// state() gives it back, by the order in which it was taken.
    template <class T>
    T* makeState(std::size_t count) {
        const auto at = list_.memory.state + take(list_.stateBytes, count * sizeof(T));
        list_.states[op_.id.value].push_back(at);
        return made<T>(at, count);
    }
    template <class T>
    [[nodiscard]] T* state(std::size_t index = 0) const {
        return reinterpret_cast<T*>(list_.states.at(op_.id.value).at(index));
    }

    /// A small table in the device's memory, there before the program first runs.
    template <class T>
    [[nodiscard]] const T* table(const std::vector<T>& values) {
        const auto bytes = std::as_bytes(std::span(values));
        const auto at = take(list_.tableBytes, bytes.size());
        list_.tables.push_back({at, {bytes.begin(), bytes.end()}});
        return made<const T>(list_.memory.tables + at, values.size());
    }

    template <class... P, class... A>
    PreparedLaunch& launch(KernelName<void(P...)> kernel, const Launch& launch, A&&... arguments) {
        return list_.add(place_, kernel, launch, std::forward<A>(arguments)...);
    }
    /// The same when the optimizer moves the weights; the kernel must do nothing unless sums() are
    /// finite. Scratch is gone by then, state is not.
    template <class... P, class... A>
    void launchInUpdate(KernelName<void(P...)> kernel, const Launch& launch, A&&... arguments) {
        list_.addToUpdate(place_, kernel, launch, std::forward<A>(arguments)...);
    }
    /// A grid of blocks of 256 threads, each for some of `count` elements.
    [[nodiscard]] static Launch forElements(std::size_t count);

protected:
    [[nodiscard]] Shape shapeOf(ValueId id) const { return graph().type(id).shapeFor(batch()); }
    [[nodiscard]] float* array(ValueId id) const {
        return reinterpret_cast<float*>(list_.memory.values[id.index()]);
    }
    template <class T>
    [[nodiscard]] T* made(Address begin, std::size_t count) const {
        if (list_.extents)
            list_.extents->set(begin, count * sizeof(T));
        return reinterpret_cast<T*>(begin);
    }
    static std::size_t take(std::size_t& used, std::size_t bytes) {
        const auto at = alignedBytes(used);
        used = at + bytes;
        return at;
    }

    LaunchList& list_;
    std::size_t place_;
    const Op& op_;
    std::size_t scratchUsed_ = 0;
};

/// The same for a GradientOp: op(), its inputs, outputs and weights are those of the op that it is
/// the gradient of. Only what the gradient declares to read may be read. Gradients are written, not
/// added to.
class GradientLowering : public Lowering {
public:
    GradientLowering(LaunchList& list, std::size_t place, std::size_t forward);

    [[nodiscard]] const float* outputGradient(std::size_t i = 0) const {
        return array(gradient_.inputs[i]);
    }
    /// Null where it is not wanted.
    [[nodiscard]] float* inputGradient(std::size_t i = 0) const { return inputGradients_[i]; }
    [[nodiscard]] float* weightGradient(std::size_t i = 0) const { return weightGradients_[i]; }

private:
    const Op& gradient_;
    std::vector<float*> inputGradients_, weightGradients_;
};

/// Lowers all ops of the list's graph. Throws Error for one without kernels here.
void lowerAll(LaunchList& list);
/// Whether there are kernels for the op.
bool hasLowering(const OpAttributes& op);

} // namespace gradwright::cuda
