// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/reference/kernel.h"
#include "engine/backend/reference/weights.h"
#include "engine/backend/update_pipeline.h"

#include <deque>
#include <map>

namespace gradwright::reference {

/// Runs the ops of a graph one after another, every value in a buffer of its own.
template <class T>
class ReferenceProgram final : public Program {
public:
    /// `ops`: what programGraph() makes of a network.
    ReferenceProgram(OpGraph ops, const CompileOptions& options,
                     std::shared_ptr<ReferenceWeights<T>> weights);

    /// The outputs of a graph without inputs and weights.
    static std::vector<Tensor> evaluate(const OpGraph& constants);

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
    void timeOps(bool on) override { opSeconds_.assign(on ? steps_.size() : 0, 0); }
    [[nodiscard]] std::vector<double> opSeconds() const override { return opSeconds_; }

protected:
    void gradientsChanged() override { measureGradients(); }
    void updateStatistics() override;

private:
    enum class State { Compiled, Forward, Backward };

    struct Buffer {
        std::vector<T> values;
        std::vector<std::int32_t> classes; ///< instead, for class indices
    };

    struct Step {
        std::size_t op; ///< in the graph
        Frame<T> frame;
        KernelPtr<T> kernel;
        std::vector<WeightGradient> gradients{}; ///< that are final when it has run
    };

    void allocate();
    void addStep(std::size_t op);
    [[nodiscard]] Frame<T> makeFrame(const Op& op);
    /// The weight as ops read it: rounded where it says so.
    std::span<T> readAs(WeightId id);
    /// The step of a fused gradient: the op's frame with the gradients' buffers.
    void addGradientStep(std::size_t op, const GradientOp& gradient);
    void bind(std::span<const BatchInput> inputs);
    /// Returns false when it was stopped, also within the op; what it computes is then unfinished.
    static bool runUnlessStopped(Step& step, const std::stop_token& stop);
    /// Finds which step of the backward pass completes each gradient.
    void placeGradients();
    /// Hands them to the store.
    void storeGradients(std::span<const WeightGradient> gradients);
    void require(State state, std::string_view what) const;
    [[nodiscard]] const std::vector<T>& readable(ValueId value) const;
    [[nodiscard]] Buffer& buffer(ValueId id) { return buffers_[id.index()]; }
    [[nodiscard]] const Buffer& buffer(ValueId id) const { return buffers_[id.index()]; }
    [[nodiscard]] std::vector<WeightId> learning() const;
    void makePipeline();
    void measureGradients();

    /// The optimizer's pipeline, one weight after another.
    struct OneThread {
        template <class Visit>
        void share(std::size_t count, const Visit& visit) const {
            for (std::size_t i = 0; i < count; ++i)
                visit(i);
        }
        [[nodiscard]] double squares(const T* values, std::size_t size) const {
            return squaresOf(values, size);
        }
        void finished(const UpdatePiece<T>& /*piece*/) const {}
    };

    OpGraph graph_; ///< includes the backward pass in training
    CompileOptions options_;
    std::shared_ptr<ReferenceWeights<T>> weights_;
    std::shared_ptr<WeightStore> store_; ///< the same, as the interface hands it out
    std::vector<Buffer> buffers_;        ///< by value
    std::vector<bool> needed_;           ///< by value: outputs, losses or gradients depend on it
    std::vector<Step> steps_;            ///< the forward pass
    std::vector<Step> backward_;
    std::vector<WeightGradient> otherGradients_; ///< that no step of the backward pass makes
    std::vector<double> opSeconds_;              ///< of the forward pass, while ops are timed
    std::map<WeightId, std::vector<T>> rounded_; ///< as this forward pass reads them
    std::deque<std::vector<T>> unwanted_;        ///< for gradients that a kernel computes in vain
    std::deque<std::vector<T*>> wholeSlots_;     ///< the slots of each weight, for the pipeline
    std::optional<UpdatePipeline<T, OneThread>> pipeline_;
    std::vector<bool> trained_; ///< by weight: a loss depends on it
    std::vector<double> gradientSquares_;
    StepSeed seed_; ///< the one that the last forward pass was given
    State state_ = State::Compiled;
};

} // namespace gradwright::reference
