// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/program.h"

namespace gradwright::onednn {

/// A training program whose batch is computed in parts, each by one thread at a time on the same
/// weights. Whatever is summed over the batch is summed over the parts in their order, so the same
/// number of parts gives the same bits, whatever the number of threads.
class PartedProgram final : public Program {
public:
    /// With as many parts as asked for, of four samples at least.
    PartedProgram(const OpGraph& graph, const CompileOptions& options, int parts,
                  std::shared_ptr<OneDnnWeights> weights);
    /// The report of a program that is not made.
    static ProgramReport plan(const OpGraph& graph, const CompileOptions& options, int parts);

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

protected:
    void gradientsChanged() override;

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
        float* target;                   ///< holds the first part's
        std::vector<const float*> terms; ///< the gradients of the other parts
        std::size_t size;
        std::size_t weight = 0;
        double square = 0; ///< the sum's squared norm
    };

    /// run(part) on the pool. Returns whether all were done; rethrows what the first threw.
    /// `isShort`: not worth waking the others.
    template <class Run>
    bool onEach(const Run& run, bool isShort = false);
    /// From the first part's: the ops of the whole batch, as other programs say them.
    static ProgramReport ofBatch(ProgramReport first, const PartGroup& group, std::size_t bytes);
    bool takeTogether(Pass pass, std::size_t segment, const std::stop_token& stop);
    void findGradients();
    void sumGradients();
    void addSquares();

    CompileOptions options_;
    std::shared_ptr<OneDnnWeights> weights_;
    PartGroup group_;
    std::vector<Part> parts_;
    std::vector<Sum> sums_; ///< known after the first backward pass
    std::optional<Updater> updater_;
    std::vector<double> squares_; ///< the squared norm of each gradient, by weight
    bool hasGradients_ = false;
};

} // namespace gradwright::onednn
