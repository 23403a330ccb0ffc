// SPDX-License-Identifier: GPL-3.0-or-later
// A formula against the built-in activation that computes the same, x · sigmoid(x) against SiLU:
// the time of a training step on the CPU engine, both in turns, the median of each round.
//   bench_fused [ROUNDS [PARTS [THREADS]]]
#include "engine/backend/backend.h"
#include "engine/backend/compute_threads.h"
#include "engine/support/brief_spinning.h"
#include "engine/training/recipes/optimizers.h"
#include "tests/bench/quantile.h"
#include "tests/support/numeric.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kBatch = 128;
constexpr int kSteps = 40; // of a round
constexpr ActivationKind kBuiltIn = ActivationKind::Silu;

/// A network op by op; each op, or each formula, is a layer.
class Net {
public:
    Net(const Shape& sample, bool asFormula)
        : asFormula_(asFormula)
        , value_(graph_.addInput("image", {sample})) {}

    Net& then(OpAttributes attributes) {
        const auto path = nextPath();
        std::vector<WeightId> weights;
        const std::vector types{graph_.type(value_)};
        for (const auto& shape : weightShapes(attributes, types))
            weights.push_back(graph_.addWeight({fmt::format("{}/{}", path, weights.size()),
                                                shape,
                                                {weights.empty() ? "he-normal" : "zeros"},
                                                {}}));
        value_ = graph_.add(std::move(attributes), {value_}, path, weights);
        return *this;
    }
    Net& activate() {
        if (!asFormula_)
            return then(ActivationOp{{kBuiltIn}});
        const auto path = nextPath();
        const auto gate = graph_.add(ActivationOp{{ActivationKind::Sigmoid}}, {value_}, path);
        value_ = graph_.add(BinaryOp{BinaryKind::Multiply}, {value_, gate}, path);
        return *this;
    }
    OpGraph classify() {
        const auto label = graph_.addInput("label", {Shape{1}, DType::I32});
        graph_.addLoss(graph_.add(SoftmaxCrossEntropyOp{}, {value_, label}, "loss"), 1.0);
        return std::move(graph_);
    }

private:
    std::string nextPath() { return fmt::format("layer{}", layers_++); }

    OpGraph graph_;
    bool asFormula_;
    ValueId value_;
    int layers_ = 0;
};

OpGraph perceptron(bool asFormula) {
    return Net({784}, asFormula)
        .then(DenseOp{512})
        .activate()
        .then(DenseOp{512})
        .activate()
        .then(DenseOp{10})
        .classify();
}

OpGraph smallCnn(bool asFormula) {
    return Net({1, 28, 28}, asFormula)
        .then(ConvOp{.outChannels = 32, .kernel = {3, 3}})
        .activate()
        .then(ConvOp{.outChannels = 64, .kernel = {3, 3}})
        .activate()
        .then(PoolOp{})
        .then(DropoutOp{.rate = 0.25, .stream = 0})
        .then(ReshapeOp::ofSample({64 * 12 * 12}))
        .then(DenseOp{128})
        .activate()
        .then(DropoutOp{.rate = 0.5, .stream = 1})
        .then(DenseOp{10})
        .classify();
}

/// A program that trains on one batch.
class Training {
public:
    Training(const OpGraph& graph, int parts)
        : images_(randomTensor(DType::F32,
                               graph.type(graph.input("image")).sample().withBatch(kBatch), 1))
        , labels_(DType::I32, {kBatch, 1}) {
        const auto& adam = optimizer("adam");
        const ParamValues defaults;
        program_ = makeOneDnnBackend({parts})->compile(
            graph, {.batch = kBatch,
                    .mode = Mode::Training,
                    .update = adam.make(Params(adam.params, defaults))});
        initializeWeights(*program_->weights(), 1);
        inputs_ = {{graph.input("image"), images_.bytes().data()},
                   {graph.input("label"), labels_.bytes().data()}};
    }

    /// The median of the steps, in milliseconds.
    double round() {
        std::vector<double> times;
        for (int i = 0; i < kSteps; ++i) {
            const auto since = std::chrono::steady_clock::now();
            program_->submit({.inputs = inputs_, .seed = {1, ++step_}, .learningRate = 1e-4});
            program_->finish();
            times.push_back(
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - since)
                    .count());
        }
        return median(times);
    }
    [[nodiscard]] std::size_t arena() const { return program_->report().arenaBytes; }

private:
    Tensor images_, labels_;
    std::unique_ptr<Program> program_;
    std::vector<BatchInput> inputs_;
    std::uint64_t step_ = 0;
};

} // namespace

int main(int argc, char** argv) {
    startWithBriefSpinning(argv);
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
    const int parts = argc > 2 ? std::atoi(argv[2]) : 1;
    setComputeThreads(argc > 3 ? std::atoi(argv[3]) : 0);
    struct Compared {
        const char* name;
        OpGraph (*make)(bool asFormula);
    };
    for (const auto& [name, make] :
         {Compared{"784-512-512-10", perceptron}, Compared{"small CNN", smallCnn}}) {
        Training builtIn(make(false), parts);
        Training formula(make(true), parts);
        builtIn.round(); // not counted
        formula.round();
        std::vector<double> ratios;
        for (int i = 0; i < rounds; ++i) {
            const double first = builtIn.round();
            const double second = formula.round();
            ratios.push_back(second / first);
            fmt::print("{}: built-in {:.3f} ms, formula {:.3f} ms, ratio {:.3f}\n", name, first,
                       second, ratios.back());
        }
        fmt::print("{}: median ratio {:.3f}; arena {} KiB and {} KiB\n", name, median(ratios),
                   builtIn.arena() / 1024, formula.arena() / 1024);
    }
}
