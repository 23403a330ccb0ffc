// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/program.h"

namespace gradwright::onednn {

/// A training program whose batch is computed in parts side by side, each by one thread on the same
/// weights. The parts' gradients are summed in their order, so the same number of parts gives the
/// same bits.
class ReplicatedProgram final : public Program {
public:
    /// How many parts are possible: as many as asked for, of four samples at least; one where ops
    /// look at the whole batch, and outside of training.
    static std::int64_t partsFor(const OpGraph& graph, const CompileOptions& options);
    /// The report of a program that is not made.
    static ProgramReport plan(const OpGraph& graph, const CompileOptions& options);

    ReplicatedProgram(const OpGraph& graph, const CompileOptions& options,
                      std::shared_ptr<OneDnnWeights> weights);

    [[nodiscard]] const CompileOptions& options() const override { return options_; }
    [[nodiscard]] const OpGraph& graph() const override { return parts_.front().program->graph(); }
    [[nodiscard]] const std::shared_ptr<WeightStore>& weights() const override {
        return parts_.front().program->weights();
    }

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

private:
    struct Part {
        std::unique_ptr<OneDnnProgram> program;
        std::int64_t firstSample = 0;
        std::vector<BatchInput> inputs = {}; ///< during forward
        std::exception_ptr failure = {};
        bool done = false;
    };
    /// A run of one weight's gradient.
    struct Sum {
        float* target;
        std::vector<const float*> terms; ///< by part
        std::size_t size;
    };

    /// run(part) on a thread each. Returns whether all were done; rethrows what the first threw.
    template <class Run>
    bool onEach(const Run& run);
    void findGradients();
    void sumGradients();

    CompileOptions options_;
    std::shared_ptr<OneDnnWeights> weights_;
    std::vector<Part> parts_;
    std::vector<Sum> sums_; ///< known after the first backward pass
    mutable std::optional<Updater> updater_;
    mutable bool squaresKnown_ = true;
    bool hasGradients_ = false;
};

} // namespace gradwright::onednn
