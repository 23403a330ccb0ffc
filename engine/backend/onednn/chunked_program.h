// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/program.h"

namespace gradwright::onednn {

/// An inference program whose threads each take the batch a few samples at a time: activations stay
/// in a core's cache, and no op waits for other threads.
class ChunkedProgram final : public Program {
public:
    /// Samples of a chunk; all of them where chunks don't pay. `parts`: of CpuOptions.
    static std::int64_t chunkFor(const OpGraph& graph, const CompileOptions& options, int parts);
    /// The report of a program that is not made.
    static ProgramReport plan(const OpGraph& graph, const CompileOptions& options, int parts);

    ChunkedProgram(const OpGraph& graph, const CompileOptions& options, int parts,
                   std::shared_ptr<OneDnnWeights> weights);

    [[nodiscard]] const CompileOptions& options() const override { return options_; }
    [[nodiscard]] const OpGraph& graph() const override { return workers_.front()->graph(); }
    [[nodiscard]] const std::shared_ptr<WeightStore>& weights() const override {
        return workers_.front()->weights();
    }

    bool forward(std::span<const BatchInput> inputs, StepSeed seed,
                 const std::stop_token& stop) override;
    bool backward(const std::stop_token& stop) override;
    void update(double learningRate, std::uint64_t step) override;

    [[nodiscard]] double lossSum() const override;
    [[nodiscard]] Tensor read(ValueId value) const override;
    void copyOutput(ValueId value, std::span<float> out) const override;
    [[nodiscard]] std::span<const double> gradientSquares() const override { return squares_; }
    [[nodiscard]] std::optional<std::string> firstNonFinite() const override {
        return firstNonFinite_;
    }
    [[nodiscard]] ProgramReport report() const override;
    void timeOps(bool on) override;
    [[nodiscard]] std::vector<double> opSeconds() const override;

private:
    /// A value of the whole batch, gathered from the chunks.
    struct Result {
        ValueId value;
        std::vector<float> values;
    };

    bool runChunk(std::int64_t number, std::size_t worker, std::span<const BatchInput> inputs,
                  StepSeed seed, const std::stop_token& stop);
    [[nodiscard]] const Result& resultOf(ValueId value) const;

    /// A worker's report with the ops of the whole batch, as other programs report them.
    static ProgramReport ofBatch(ProgramReport worker, std::int64_t chunk,
                                 const CompileOptions& options);

    CompileOptions options_;
    std::shared_ptr<OneDnnWeights> weights_;
    std::int64_t chunk_;
    std::int64_t chunks_;
    std::vector<std::unique_ptr<OneDnnProgram>> workers_; ///< one a thread
    std::unique_ptr<OneDnnProgram> rest_;               ///< for the last chunk, when it is shorter
    std::vector<std::vector<BatchInput>> inputs_;       ///< by worker, during forward
    std::vector<std::optional<std::string>> nonFinite_; ///< by chunk
    std::vector<std::exception_ptr> failures_;          ///< by chunk
    std::vector<Result> results_;
    std::vector<double> squares_;
    std::optional<std::string> firstNonFinite_;
    bool done_ = false;
};

} // namespace gradwright::onednn
