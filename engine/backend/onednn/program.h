// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/updater.h"

namespace gradwright::onednn {

/// What a program is for.
struct ProgramRole {
    /// Nothing fused, every value readable, no backward pass.
    bool forFaults = false;
    /// A part of a batch, beside other parts on the same weights: others sum the gradients, which
    /// stay with the program, and take the step. nullptr: the whole batch.
    PartGroup* parts = nullptr;
    std::size_t part = 0;
    std::int64_t firstSample = 0;
};

class OneDnnProgram final : public Program {
public:
    OneDnnProgram(const OpGraph& graph, const CompileOptions& options,
                  std::shared_ptr<OneDnnWeights> weights, const ProgramRole& role = {});

    [[nodiscard]] const CompileOptions& options() const override { return options_; }
    [[nodiscard]] const OpGraph& graph() const override { return graph_; }
    [[nodiscard]] const std::shared_ptr<WeightStore>& weights() const override { return store_; }

    bool forward(std::span<const BatchInput> inputs, StepSeed seed,
                 const std::stop_token& stop) override;
    bool backward(const std::stop_token& stop) override;
    void update(double learningRate, std::uint64_t step) override;

    [[nodiscard]] double lossSum() const override;
    [[nodiscard]] Tensor read(ValueId value) const override;
    void copyOutput(ValueId value, std::span<float> out) const override;
    [[nodiscard]] std::span<const double> gradientSquares() const override;
    [[nodiscard]] std::optional<std::string> firstNonFinite() const override;
    [[nodiscard]] ProgramReport report() const override;
    void timeOps(bool on) override;
    [[nodiscard]] std::vector<double> opSeconds() const override;

    /// For a part of a batch: the segments of each pass, between which the parts meet, one by one
    /// from the first on. Return false when stopped.
    [[nodiscard]] std::size_t forwardSegments() const { return schedule_.forwardSegments().size(); }
    [[nodiscard]] std::size_t backwardSegments() const {
        return schedule_.backwardSegments().size();
    }
    [[nodiscard]] bool isEmpty(Pass pass, std::size_t segment) const;
    bool forwardSegment(std::size_t number, std::span<const BatchInput> inputs, StepSeed seed,
                        const std::stop_token& stop, TraceSink* trace);
    /// `watch` and `trace` may be null.
    bool backwardSegment(std::size_t number, const std::stop_token& stop, GradientWatch* watch,
                         TraceSink* trace);
    /// Whether the backward pass tells a watch of the weight's gradient.
    [[nodiscard]] bool tellsOf(WeightId id) const { return tells_[id.index()]; }
    /// The segment of the backward pass behind which parts have made the gradient together, where
    /// no step of this one changes it any more.
    [[nodiscard]] std::optional<std::size_t> segmentOf(WeightId id) const;
    [[nodiscard]] std::vector<WeightId> gradientOrder() const override {
        return orderOfGradients(ops_);
    }
    void updateStatistics() override;

    /// For a part of a batch: where backward leaves the gradient of a weight, as the store keeps
    /// it; empty where there is none.
    [[nodiscard]] std::span<const float> gradient(WeightId id) const;
    [[nodiscard]] std::span<const float> readable(ValueId value) const;
    /// The weights in other forms that the passes read.
    [[nodiscard]] std::span<const FormNumber> forms() const { return forms_; }

protected:
    void gradientsChanged() override { squaresKnown_ = false; }

private:
    enum class State { Compiled, Forward, Backward };

    void require(State state, std::string_view what) const;
    void bind(std::span<const BatchInput> inputs);
    class Ears;
    void placeGradients(Compiler& compiler);
    [[nodiscard]] RunContext context() const {
        return {seed_, inputs_, static_cast<std::size_t>(role_.firstSample + seed_.firstSample)};
    }

    OpGraph graph_;
    OpGraph ops_; ///< what is compiled: in training with the backward pass
    CompileOptions options_;
    ProgramRole role_;
    std::shared_ptr<OneDnnWeights> weights_;
    std::shared_ptr<WeightStore> store_;
    Schedule schedule_;
    std::vector<Compiler::Readable> readable_;
    std::vector<PendingStatistics> statistics_;
    std::vector<Buffer*> gradients_;            ///< by weight; of a part of a batch only
    std::vector<std::vector<WeightId>> finals_; ///< by step: gradients that it completes
    std::vector<bool> tells_;                   ///< by weight: a step completes its gradient
    std::map<WeightId, std::size_t> gradientSegments_;
    std::vector<FormNumber> forms_;
    mutable std::optional<Updater> updater_;
    std::deque<AlignedBuffer> constants_;
    ProgramReport report_;
    std::vector<std::optional<std::size_t>> lastSteps_; ///< by op of the report
    std::vector<double> stepSeconds_;                   ///< while ops are timed

    std::vector<Buffer*> inputCopies_; ///< of the graph's inputs; nullptr where not needed
    std::vector<BatchInput> inputs_;   ///< of the graph, during forward
    StepSeed seed_;
    mutable bool squaresKnown_ = true; ///< all zero before the first backward pass
    State state_ = State::Compiled;
};

/// The inputs of a batch from a sample on, into `rest`.
void skipSamples(const OpGraph& graph, std::span<const BatchInput> batch, std::int64_t firstSample,
                 std::vector<BatchInput>& rest);

/// What a report of so many samples says of the whole batch, which takes so many runs like it. The
/// memory stays as it is.
ProgramReport reportOfBatch(ProgramReport report, std::int64_t samples, std::int64_t batch,
                            std::size_t runs);

/// The report of a program that is not made.
ProgramReport planProgram(const OpGraph& graph, const CompileOptions& options,
                          const ProgramRole& role = {});

} // namespace gradwright::onednn
