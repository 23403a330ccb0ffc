// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/program.h"

#include <atomic>

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
    [[nodiscard]] std::vector<WeightId> gradientOrder() const override {
        return parts_.front().program->gradientOrder();
    }
    void updateStatistics() override { parts_.front().program->updateStatistics(); }

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

    /// Counts, for each weight, the parts that have made its gradient.
    class Counted final : public GradientWatch {
    public:
        explicit Counted(PartedProgram& program);
        void isFinal(WeightId weight) override;
        void start();

    private:
        PartedProgram& program_;
        std::vector<std::size_t> parts_;             ///< by weight: that tell of it
        std::vector<std::atomic<std::size_t>> left_; ///< of them, in the pass that runs
    };

    /// run(part) on the pool. Returns whether all were done; rethrows what the first threw.
    /// `isShort`: not worth waking the others.
    template <class Run>
    bool onEach(const Run& run, bool isShort = false);
    /// From the first part's: the ops of the whole batch, as other programs say them.
    static ProgramReport ofBatch(ProgramReport first, const PartGroup& group, std::size_t bytes);
    bool takeTogether(Pass pass, std::size_t segment, const std::stop_token& stop);
    void findGradients();
    /// Adds what all parts have made of a weight's gradient, once in a pass.
    void sumParts(WeightId weight);
    /// Of the weights whose gradients the parts have made together before that.
    void sumMadeTogether(std::size_t segment);
    void sumGradients();
    void addSquares();

    CompileOptions options_;
    std::shared_ptr<OneDnnWeights> weights_;
    PartGroup group_;
    std::vector<Part> parts_;
    std::vector<Sum> sums_;
    std::vector<std::pair<std::size_t, std::size_t>> sumsOf_; ///< by weight: the first and the end
    std::vector<char> isSummed_; ///< by weight: in the pass that runs; each touched by one thread
    std::optional<Counted> counted_;
    std::optional<Updater> updater_;
    std::vector<double> squares_; ///< the squared norm of each gradient, by weight
    bool hasGradients_ = false;
};

} // namespace gradwright::onednn
