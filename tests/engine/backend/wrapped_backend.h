// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

#include <functional>
#include <memory>
#include <utility>

namespace gradwright::test {

/// A program that does what another one does, and something in front of each forward pass.
class WrappedProgram : public Program {
public:
    WrappedProgram(std::unique_ptr<Program> inner, std::function<void()> before, bool computes)
        : inner_(std::move(inner))
        , before_(std::move(before))
        , computes_(computes) {}

    [[nodiscard]] const CompileOptions& options() const override { return inner_->options(); }
    [[nodiscard]] const OpGraph& graph() const override { return inner_->graph(); }
    [[nodiscard]] const std::shared_ptr<WeightStore>& weights() const override {
        return inner_->weights();
    }
    bool forward(std::span<const BatchInput> inputs, StepSeed seed,
                 const std::stop_token& stop) override {
        if (before_)
            before_();
        return !computes_ || inner_->forward(inputs, seed, stop);
    }
    bool backward(const std::stop_token& stop) override { return inner_->backward(stop); }
    void update(double learningRate, std::uint64_t step) override {
        inner_->update(learningRate, step);
    }
    [[nodiscard]] double lossSum() const override { return inner_->lossSum(); }
    [[nodiscard]] Tensor read(ValueId value) const override { return inner_->read(value); }
    void copyOutput(ValueId value, std::span<float> out) const override {
        inner_->copyOutput(value, out);
    }
    [[nodiscard]] std::span<const double> gradientSquares() const override {
        return inner_->gradientSquares();
    }
    [[nodiscard]] std::optional<std::string> firstNonFinite() const override {
        return inner_->firstNonFinite();
    }
    [[nodiscard]] ProgramReport report() const override { return inner_->report(); }

private:
    std::unique_ptr<Program> inner_;
    std::function<void()> before_;
    bool computes_;
};

/// The reference, but for what is asked of it here.
class WrappedBackend : public Backend {
public:
    std::function<void()> before;                   ///< each forward pass
    bool computes = true;                           ///< forward passes do something
    std::function<bool(const OpAttributes&)> lacks; ///< an op

    [[nodiscard]] std::string key() const override { return "wrapped"; }
    [[nodiscard]] DeviceInfo device() const override { return inner_->device(); }
    [[nodiscard]] bool supports(const OpAttributes& op, Precision precision) const override {
        return !(lacks && lacks(op)) && inner_->supports(op, precision);
    }
    [[nodiscard]] std::unique_ptr<Program>
    compile(const OpGraph& graph, const CompileOptions& options,
            std::shared_ptr<WeightStore> weights) const override {
        return std::make_unique<WrappedProgram>(inner_->compile(graph, options, std::move(weights)),
                                                before, computes);
    }

private:
    std::unique_ptr<Backend> inner_ = makeReferenceBackend();
};

} // namespace gradwright::test
