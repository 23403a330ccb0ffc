// SPDX-License-Identifier: GPL-3.0-or-later
// Attention alone on the CPU engine: processor time of a forward pass and of a training step, and
// the memory that its program plans, for short and long sequences. The least of some rounds counts.
//   OMP_NUM_THREADS=1 bench_attention [ROUNDS]
#include "engine/backend/backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <random>
#include <vector>

using namespace gradwright;

namespace {

struct Size {
    std::int64_t batch, steps, heads, width;
    bool causal;
};

constexpr Size kSizes[] = {
    {32, 65, 4, 16, false},  {16, 197, 3, 64, false}, {8, 256, 8, 32, true},
    {8, 512, 8, 32, false},  {2, 1024, 8, 64, true},  {2, 1024, 8, 64, false},
    {2, 2048, 8, 32, false},
};

/// A learned position in front, so that attention has a gradient to give.
OpGraph graphOf(const Size& size) {
    const auto features = size.heads * size.width;
    OpGraph graph;
    const auto x = graph.addInput("x", {Shape{size.steps, 3 * features}});
    const auto target = graph.addInput("target", {Shape{size.steps, features}});
    const auto table = graph.addWeight({"position", Shape{size.steps, 3 * features}, {}, {}});
    const auto placed = graph.add(PositionOp{.learned = true}, {x}, "position", {table});
    const auto y = graph.add(AttentionOp{size.heads, size.causal}, {placed}, "attention");
    graph.addLoss(graph.add(MeanSquaredErrorOp{}, {y, target}, "loss"), 1.0);
    graph.addOutput("y", y);
    return graph;
}

std::vector<float> noise(std::int64_t count) {
    std::mt19937 engine(1);
    std::normal_distribution<float> normal;
    std::vector<float> numbers(static_cast<std::size_t>(count));
    std::ranges::generate(numbers, [&] { return normal(engine); });
    return numbers;
}

struct Figures {
    double milliseconds;
    std::size_t bytes;
};

Figures measure(const Size& size, Mode mode, int rounds) {
    const auto graph = graphOf(size);
    const auto features = size.heads * size.width;
    const auto x = noise(size.batch * size.steps * 3 * features);
    const auto target = noise(size.batch * size.steps * features);
    const std::vector<BatchInput> inputs{{graph.input("x"), x.data()},
                                         {graph.input("target"), target.data()}};
    const auto program = makeOneDnnBackend()->compile(graph, {.batch = size.batch, .mode = mode});
    double least = 0;
    for (int round = 0; round <= rounds; ++round) {
        const auto begin = std::clock();
        program->forward(inputs, {1, static_cast<std::uint64_t>(round)});
        if (mode == Mode::Training)
            program->backward();
        const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
        if (round > 0) // the first one only warms up
            least = round == 1 ? seconds : std::min(least, seconds);
    }
    return {1e3 * least, program->report().arenaBytes};
}

} // namespace

int main(int argc, char** argv) {
    const int rounds = std::max(1, argc > 1 ? std::atoi(argv[1]) : 7);
    fmt::print(
        "batch  steps  heads  width  causal   forward    step, ms   memory: forward   step, MB\n");
    for (const auto& size : kSizes) {
        const auto forward = measure(size, Mode::Inference, rounds);
        const auto step = measure(size, Mode::Training, rounds);
        fmt::print("{:5}  {:5}  {:5}  {:5}  {:6}  {:8.2f}  {:10.2f}  {:16.1f}  {:9.1f}\n",
                   size.batch, size.steps, size.heads, size.width, size.causal ? "yes" : "no",
                   forward.milliseconds, step.milliseconds,
                   static_cast<double>(forward.bytes) / 1e6, static_cast<double>(step.bytes) / 1e6);
    }
}
