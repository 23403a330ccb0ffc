// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/input_rule.h"
#include "engine/backend/cuda/step_launches.h"
#include "engine/backend/memory/arena_plan.h"

#include <map>
#include <optional>

namespace gradwright::cuda {

/// Where the values of a graph go, without any memory yet.
struct ProgramLayout {
    ArenaPlan arena;
    std::vector<std::optional<WeightId>> gradients; ///< by ValueId: kept with the weights
    std::map<ValueId, std::size_t> constants;       ///< offsets
    std::size_t constantBytes = 0;

    ProgramLayout(const OpGraph& graph, const CompileOptions& options);
};

/// What a program of the graph takes, without a device. `graph` is a program's, see programGraph().
ProgramReport planOf(const OpGraph& graph, const CompileOptions& options);

/// A graph on a GPU. Each pass is recorded once and replayed as one piece of work; so is a whole
/// training step, after which one copy brings its results back.
class CudaProgram final : public Program {
public:
    CudaProgram(std::shared_ptr<Device> device, OpGraph graph, const CompileOptions& options,
                std::shared_ptr<CudaWeights> weights);

    [[nodiscard]] const CompileOptions& options() const override { return options_; }
    [[nodiscard]] const OpGraph& graph() const override { return graph_; }
    [[nodiscard]] const std::shared_ptr<WeightStore>& weights() const override { return store_; }

    void submit(const StepRequest& step) override;
    std::optional<StepResult> finish(const std::stop_token& stop) override;

    bool forward(std::span<const BatchInput> inputs, StepSeed seed,
                 const std::stop_token& stop) override;
    bool backward(const std::stop_token& stop) override;
    void update(double learningRate, std::uint64_t step) override;

    [[nodiscard]] double lossSum() const override;
    [[nodiscard]] Tensor read(ValueId value) const override;
    void copyOutput(ValueId value, std::span<float> out) const override;
    [[nodiscard]] std::span<const double> gradientSquares() const override { return squares_; }
    [[nodiscard]] std::optional<std::string> firstNonFinite() const override;

    [[nodiscard]] ProgramReport report() const override;

    /// All launches of a step in their order, for counting.
    [[nodiscard]] const LaunchList& launches() const { return list_; }

private:
    enum class State { Compiled, Forward, Backward };

    /// An input that batches bring.
    struct FedInput {
        std::string name = {};
        ValueId value = {};
        std::size_t size = 0;    ///< elements
        std::size_t staging = 0; ///< offset in the staging memories
        InputRule rule = {};
        ByteScaling scaling = {}; ///< the one on the device
        Memory factors = {};
    };

    /// Whether it moves the weights.
    [[nodiscard]] bool moves() const {
        return options_.mode == Mode::Training && options_.update.has_value();
    }
    /// Whether gradients of the last step are not finite, which a smaller scale may mend.
    [[nodiscard]] bool isOverflow() const;
    void placeValues();
    void listInputs();
    void bind(std::span<const BatchInput> inputs);
    void bindScaled(FedInput& input, const BatchInput& bound);
    void sendScalars(const StepSeed& seed, double learningRate);
    void sendRules(double learningRate, std::uint64_t step);
    void fetchResults();
    void takeResults();
    /// Launches `from` to `to` of the list.
    [[nodiscard]] RecordedWork record(std::size_t from, std::size_t to);
    void launch(const PreparedLaunch& launch) const;
    [[nodiscard]] std::size_t sizeOf(ValueId value) const;
    void requireReadable(ValueId value) const;
    void require(State state, std::string_view what) const;
    [[nodiscard]] std::vector<float> download(ValueId value) const;

    std::shared_ptr<Device> device_;
    OpGraph graph_;
    CompileOptions options_;
    std::shared_ptr<CudaWeights> weights_;
    std::shared_ptr<WeightStore> store_;
    ProgramLayout layout_;
    mutable Stream stream_;
    Memory arena_, constants_, scratch_, state_, tables_, scalars_, results_, staging_;
    Pinned hostScalars_, hostRules_, hostResults_, hostInputs_, hostScored_;
    ProgramMemory memory_;
    std::optional<StepUpdate> update_;
    LaunchList list_;
    StepBounds bounds_; ///< the first place of each part of a step in the list
    std::vector<std::pair<WeightId, ValueId>> copiedGradients_;
    std::optional<RecordedWork> forwardWork_, backwardWork_, updateWork_, stepWork_;
    std::vector<FedInput> fed_;
    StepSums sums_;
    std::vector<double> squares_;
    std::optional<StepRequest> submitted_;
    bool isScoreFetched_ = false; ///< hostScored_ holds what the last pass made
    State reached_ = State::Compiled;
};

} // namespace gradwright::cuda
