// SPDX-License-Identifier: GPL-3.0-or-later
// One side of `./dev bench peers`: what the engine does with a project in given seconds, as JSON.
//   bench_works train PROJECT --random 512 --seconds 5    speed of the training loop's work
//   bench_works losses PROJECT --given FILE               losses from given weights and batches
//   bench_works predict PROJECT --batch 128               time of a forward pass
//   bench_works first-step PROJECT                        from Trainer::run to the first step
#include "engine/backend/compute_pool.h"
#include "engine/backend/compute_threads.h"
#include "engine/backend/devices.h"
#include "engine/backend/openmp_team.h"
#include "engine/backend/program_cache.h"
#include "engine/backend/thread_governor.h"
#include "engine/backend/weights.h"
#include "engine/graph/analysis.h"
#include "engine/io/safetensors.h"
#include "engine/metrics/score.h"
#include "engine/project/templates.h"
#include "engine/support/brief_spinning.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/training/compute_plan.h"
#include "engine/training/objective.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>

using namespace gradwright;

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Noise with classes, kept in memory.
class RandomSource final : public DataSource {
public:
    RandomSource(Shape shape, std::int64_t samples, std::int32_t classes)
        : shape_(std::move(shape))
        , classes_(classes)
        , values_(static_cast<std::size_t>(samples * shape_.elements())) {
        std::mt19937 engine(1);
        std::normal_distribution<float> normal;
        std::ranges::generate(values_, [&] { return normal(engine); });
    }
    [[nodiscard]] std::int64_t size() const override {
        return static_cast<std::int64_t>(values_.size()) / shape_.elements();
    }
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    void input(std::int64_t index, std::span<float> out) const override {
        std::copy_n(values_.data() + index * shape_.elements(), out.size(), out.data());
    }
    [[nodiscard]] std::int32_t label(std::int64_t index) const override {
        return static_cast<std::int32_t>(index % classes_);
    }

private:
    Shape shape_;
    std::int32_t classes_;
    std::vector<float> values_;
};

struct Options {
    std::string project;
    std::string given;
    std::int64_t batch = 32;
    std::int64_t random = 0;
    int threads = 0;
    int parts = 0;
    double seconds = 5;
    std::string precision = "fp32";
};

/// The samples and what a network has to fit.
Dataset dataOf(const Project& project, const Options& options) {
    if (options.random == 0)
        return openDataset(project.data);
    const auto analysis = analyze(project.network);
    Shape input, output;
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        const auto& node = analysis.flat.nodes[i];
        if (node.layer && node.layer->key == "input")
            input = analysis.nodes[i].output;
        if (node.layer && node.layer->key == "output")
            output = analysis.nodes[i].output;
    }
    const auto classes = static_cast<std::int32_t>(output.elements());
    Dataset data;
    data.info.input = input;
    data.info.classes.assign(static_cast<std::size_t>(classes), "noise");
    data.training = std::make_shared<RandomSource>(input, options.random, classes);
    data.test = data.training;
    return data;
}

struct Bench {
    explicit Bench(const Options& options)
        : project(openProject(options.project)) {
        auto& params = project.training.params;
        params["precision"] = options.precision;
        params["batch"] = options.batch;
        params["parts"] = std::int64_t{options.parts};
        threads = setComputeThreads(options.threads);
        params["threads"] = std::int64_t{threads}; // and not what calibration says
        data = dataOf(project, options);
        training = trainingGraph(project.network, data.info, project.training);
        const auto plan = planFor(training.graph, project.training);
        programs.emplace(trainingBackend(project.training, plan), training.graph,
                         trainingOptions(project.training));
        if (plan.parts > 1)
            governor.emplace(computePool());
        else if (threads > 1)
            governor.emplace(team.emplace());
    }

    /// Does one step as the training loop does. Returns the loss before it.
    double step(const Batch& batch, std::uint64_t number) {
        auto& program = programs->get(batch.count, Mode::Training);
        bindBatch(training, batch, inputs);
        program.submit({inputs, {1, number + 1}, project.training.learningRate()});
        const auto result = program.finish();
        if (!result || result->fault)
            throw Error("step {} met a number that is not finite", number);
        sums.add(*result->score);
        return result->lossSum / static_cast<double>(batch.count);
    }

    Project project;
    int threads = 0;
    Dataset data;
    TrainingGraph training;
    std::optional<ProgramCache> programs;
    std::optional<OpenMpTeam> team; ///< of batches that are computed as a whole
    std::optional<ThreadGovernor> governor;
    std::vector<BatchInput> inputs;
    ScoreSums sums;
};

/// The most that this process has held, in bytes.
std::int64_t peakMemory() {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("VmHWM:"))
            return 1024 * std::stoll(line.substr(6));
    return 0;
}

Json train(const Options& options) {
    Bench bench(options);
    std::vector<std::uint32_t> indices(static_cast<std::size_t>(bench.data.training->size()));
    std::ranges::generate(indices, [i = 0U]() mutable { return i++; });
    bench.programs->get(options.batch, Mode::Training);
    initializeWeights(*bench.programs->weights(), 1);
    Batcher batcher(bench.data.training, std::move(indices), options.batch, 1);
    std::int64_t samples = 0;
    std::uint64_t steps = 0;
    Clock::time_point start;
    constexpr std::uint64_t warmUp = 3;
    for (std::uint64_t epoch = 0;; ++epoch) {
        batcher.startEpoch(epoch);
        while (const auto* batch = batcher.next()) {
            if (steps == warmUp)
                start = Clock::now();
            bench.step(*batch, steps++);
            if (bench.governor)
                bench.governor->afterStep(static_cast<double>(batch->count));
            samples += steps > warmUp ? batch->count : 0;
            if (steps < warmUp + 3 || secondsSince(start) < options.seconds)
                continue;
            const auto report = bench.programs->get(batch->count, Mode::Training).report();
            return {{"samples_per_second", static_cast<double>(samples) / secondsSince(start)},
                    {"steps", steps - warmUp},
                    {"threads", bench.threads},
                    {"parts", report.parts},
                    {"peak_memory", peakMemory()},
                    {"arena", report.arenaBytes},
                    {"weights", report.weightBytes}};
        }
    }
}

/// The file holds the weights by key, "inputs" [steps, batch, …] and "labels" [steps, batch], F32.
Json losses(const Options& options) {
    Bench bench(options);
    auto file = readSafetensors(options.given);
    const auto* given = file.find("inputs");
    const auto* labels = file.find("labels");
    if (!given || !labels)
        throw Error("{} has no inputs and labels", options.given);
    const auto steps = given->shape()[0];
    Batch batch;
    batch.count = given->shape()[1];
    bench.programs->get(batch.count, Mode::Training);
    writeWeights(*bench.programs->weights(), Weights{file.tensors});
    Json list = Json::array();
    const auto values = given->span<float>();
    const auto classes = labels->span<float>();
    const auto size = values.size() / static_cast<std::size_t>(steps);
    const auto count = static_cast<std::size_t>(batch.count);
    for (std::size_t i = 0; i < static_cast<std::size_t>(steps); ++i) {
        const auto part = values.subspan(i * size, size);
        const auto of = classes.subspan(i * count, count);
        batch.inputs.assign(part.begin(), part.end());
        batch.labels.clear();
        for (const float label : of)
            batch.labels.push_back(static_cast<std::int32_t>(label));
        list.push_back(bench.step(batch, i));
    }
    return {{"losses", std::move(list)}, {"threads", bench.threads}};
}

Json predict(const Options& options) {
    auto project = openProject(options.project);
    project.training.params["precision"] = options.precision;
    const int threads = setComputeThreads(options.threads);
    const auto precision = project.training.precision();
    ProgramCache programs(backendFor(project.training.target()),
                          inferenceGraph(project.network, {}, project.training),
                          {.precision = precision});
    auto& program = programs.get(options.batch, Mode::Inference);
    initializeWeights(*programs.weights(), 1);
    const auto input = programs.graph().inputs().front().value;
    const auto& shape = programs.graph().type(input).sample();
    const RandomSource source(shape, options.batch, 2);
    std::vector<float> values(static_cast<std::size_t>(options.batch * shape.elements()));
    for (std::int64_t i = 0; i < options.batch; ++i)
        source.input(i, std::span(values).subspan(static_cast<std::size_t>(i * shape.elements()),
                                                  static_cast<std::size_t>(shape.elements())));
    const std::array inputs = {BatchInput{input, values.data()}};
    std::vector<double> times;
    const auto start = Clock::now();
    while (times.size() < 10 || secondsSince(start) < options.seconds) {
        const auto since = Clock::now();
        program.forward(inputs);
        times.push_back(secondsSince(since));
    }
    std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
    return {{"seconds", times[times.size() / 2]}, {"threads", threads}};
}

/// Twice; the second time, the data are open already, as in a window that shows them.
Json firstStep(const Options& options) {
    const auto project = openProject(options.project);
    Json list = Json::array();
    std::optional<Dataset> shown;
    for (int i = 0; i < 2; ++i) {
        const auto folder =
            std::filesystem::temp_directory_path() /
            fmt::format("gradwright-first-step-{}", Clock::now().time_since_epoch().count());
        std::stop_source stop;
        double first = 0;
        const auto start = Clock::now();
        Trainer(trainingJob(project, folder), [&](const TrainingEvent& event) {
            if (const auto* failed = std::get_if<Failed>(&event))
                throw Error(failed->message);
            if (!std::holds_alternative<StepDone>(event) || first > 0)
                return;
            first = secondsSince(start);
            stop.request_stop();
        }).run(stop.get_token());
        std::filesystem::remove_all(folder);
        list.push_back(first);
        shown = openDataset(project.data);
    }
    return {{"seconds", std::move(list)}};
}

void addOptions(CLI::App& command, Options& options) {
    command.add_option("project", options.project, "A project file or template:NAME")->required();
    command.add_option("--given", options.given, "Weights and batches (safetensors)");
    command.add_option("--batch", options.batch, "Samples of a step");
    command.add_option("--random", options.random, "Train on that many samples of noise");
    command.add_option("--threads", options.threads, "0 = all");
    command.add_option("--parts", options.parts,
                       "Parts that a batch is computed in; 0 = as a training");
    command.add_option("--seconds", options.seconds, "Time to measure for");
    command.add_option("--precision", options.precision, "fp32 or bf16");
}

} // namespace

int main(int argc, char** argv) {
    startWithBriefSpinning(argv);
    CLI::App app("Measures the engine");
    app.require_subcommand(1);
    Options options;
    Json (*run)(const Options&) = nullptr;
    const auto add = [&](const char* name, const char* doc, Json (*work)(const Options&)) {
        auto* command = app.add_subcommand(name, doc);
        addOptions(*command, options);
        command->callback([&run, work] { run = work; });
    };
    add("train", "Speed and memory of training", train);
    add("losses", "Losses from given weights and batches", losses);
    add("predict", "Time of a forward pass", predict);
    add("first-step", "Time until the first step is done", firstStep);
    try {
        app.parse(argc, argv);
        std::cout << run(options).dump() << '\n';
    } catch (const CLI::Error& error) {
        return app.exit(error);
    } catch (const std::exception& error) {
        std::cerr << "bench_works: " << error.what() << '\n';
        return 1;
    }
}
