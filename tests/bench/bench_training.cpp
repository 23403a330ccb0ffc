// SPDX-License-Identifier: GPL-3.0-or-later
// How fast the CPU engine trains and runs the sample networks, and where the time goes:
//   OMP_NUM_THREADS=2 bench_training [NAME-PART [BATCH]]
#include "engine/support/brief_spinning.h"
#include "engine/training/recipes/optimizers.h"
#include "tests/engine/backend/sample_nets.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

using namespace gradwright;
using namespace gradwright::test;

namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::time_point since) {
    return std::chrono::duration<double>(Clock::now() - since).count();
}

/// Seconds of the forward pass, the backward pass and the update of the fastest of many steps: what
/// the engine can do when nothing else runs.
struct StepTime {
    double forward = 1e9, backward = 1e9, update = 1e9;
    [[nodiscard]] double total() const { return forward + backward + update; }
};

StepTime measure(Program& program, const OpGraph& graph, std::int64_t batch) {
    const auto data = randomBatch(graph, batch, 1);
    const auto inputs = data.bindings(graph);
    StepTime best;
    const auto start = Clock::now();
    for (std::uint64_t i = 0; i < 20 || seconds(start) < 2.0; ++i) {
        auto since = Clock::now();
        program.forward(inputs, {1, i});
        best.forward = std::min(best.forward, seconds(since));
        since = Clock::now();
        program.backward();
        best.backward = std::min(best.backward, seconds(since));
        since = Clock::now();
        program.update(1e-4, i + 1);
        best.update = std::min(best.update, seconds(since));
    }
    return best;
}

/// Seconds of the fastest forward pass in inference mode, on the weights of a training program.
double measureInference(const OpGraph& graph, std::int64_t batch,
                        const std::shared_ptr<WeightStore>& weights) {
    const auto program =
        makeOneDnnBackend()->compile(graph, {.batch = batch, .mode = Mode::Inference}, weights);
    const auto data = randomBatch(graph, batch, 1);
    const auto inputs = data.bindings(graph);
    double best = 1e9;
    const auto start = Clock::now();
    for (int i = 0; i < 20 || seconds(start) < 0.5; ++i) {
        const auto since = Clock::now();
        program->forward(inputs);
        best = std::min(best, seconds(since));
    }
    return best;
}

void printOps(const std::vector<OpReport>& ops) {
    for (const auto& op : ops)
        fmt::print("    {:24} {:30} {:10} {}\n", op.path, op.implementation, op.layout,
                   fmt::join(op.fused, ", "));
}

} // namespace

int main(int argc, char** argv) {
    gradwright::startWithBriefSpinning(argv);
    const std::string_view part = argc > 1 ? argv[1] : "";
    const std::int64_t batch = argc > 2 ? std::atoll(argv[2]) : 32;
    const auto& adam = optimizer("adam");
    const ParamValues defaults;
    for (const auto& net : {multilayerPerceptron(), leNet5(), smallCnn(), smallResidual()}) {
        if (net.name.find(part) == std::string::npos)
            continue;
        const auto program = makeOneDnnBackend()->compile(
            net.graph, {.batch = batch,
                        .mode = Mode::Training,
                        .update = adam.make(Params(adam.params, defaults))});
        initializeWeights(*program->weights(), 1);
        const auto time = measure(*program, net.graph, batch);
        const auto report = program->report();
        fmt::print("{}: {:.0f} samples/s (forward {:.0f} µs, backward {:.0f} µs, update {:.0f} "
                   "µs; {} reorders, arena {} KiB)\n",
                   net.name, static_cast<double>(batch) / time.total(), 1e6 * time.forward,
                   1e6 * time.backward, 1e6 * time.update, report.reorders,
                   report.arenaBytes / 1024);
        fmt::print("  inference: one sample in {:.0f} µs, {:.0f} samples/s in batches of 128\n",
                   1e6 * measureInference(net.graph, 1, program->weights()),
                   128.0 / measureInference(net.graph, 128, program->weights()));
        if (!part.empty()) {
            printOps(report.ops);
            fmt::print("  backward\n");
            printOps(report.backward);
        }
    }
}
