// SPDX-License-Identifier: GPL-3.0-or-later
// What a training step is on a GPU, by the launches that the CUDA engine makes of it: bytes,
// floating-point operations, and the time that data sheets promise for them. Needs no GPU, and
// nothing of it is measured on one:
//   bench_gpu_plan [--precision fp32|tf32|bf16|fp16] [--launches] [--json FILE]
#include "engine/backend/cuda/cuda_backend.h"
#include "engine/backend/cuda/step_launches.h"
#include "engine/io/atomic_file.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "engine/training/objective.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/settings.h"
#include "tests/standin/standin_driver.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>

using namespace gradwright;

namespace {

/// Of a launch inside recorded work; an assumption, not from a data sheet.
constexpr double kLaunchSeconds = 2.5e-6;

struct Gpu {
    const char* name;
    double operations; ///< FP32 a second, without tensor cores
    double tf32, half; ///< on tensor cores, of dense matrices; 0: it has none for it
    bool hasBf16;      ///< as fast as FP16
    double bandwidth;  ///< bytes a second
    const char* source;

    /// Operations a second of products with operands of that format; 0: it has none.
    [[nodiscard]] double peakOf(Precision format) const {
        switch (format) {
        case Precision::Tf32:
            return tf32;
        case Precision::Bf16:
            return hasBf16 ? half : 0;
        case Precision::F16:
            return half;
        default:
            return operations;
        }
    }
};
constexpr Gpu kGpus[] = {
    {"T4", 8.1e12, 0, 65e12, false, 320e9, "NVIDIA T4 data sheet"},
    {"A100 SXM 80 GB", 19.5e12, 156e12, 312e12, true, 2039e9, "NVIDIA A100 data sheet"},
    {"H100 SXM", 67e12, 494.5e12, 989.5e12, true, 3350e9, "NVIDIA H100 data sheet"},
};

struct Work {
    std::string name;
    OpGraph graph; ///< with its losses
    UpdateRule rule;
    std::int64_t batch;
};

/// A template with its own loss and optimizer.
Work fromTemplate(const char* key, std::int64_t batch) {
    const auto project = openTemplate(key);
    const auto info = openDataset(project.data).info;
    return {key, trainingGraph(project.network, info, project.training).graph,
            project.training.updateRule(), batch};
}

/// ResNet-18 (He et al.: "Deep residual learning for image recognition", 2016) with the stem for
/// small images, 3×3 of stride 1 and no pooling: as tests/bench/peers/nets.py builds it.
class ResNet18 {
public:
    ResNet18()
        : value_(graph_.addInput("image", {Shape{3, 32, 32}})) {
        convNorm(64, 3, 1);
        relu();
        for (const std::int64_t channels : {64, 128, 256, 512})
            for (const bool isFirst : {true, false})
                residual(channels, isFirst && channels > 64 ? 2 : 1);
        value_ = add(GlobalAveragePoolOp{}, {value_});
        value_ = add(DenseOp{10}, {value_});
        graph_.addOutput("logits", value_);
        const auto label = graph_.addInput("label", {Shape{1}, DType::I32});
        graph_.addLoss(graph_.add(SoftmaxCrossEntropyOp{}, {value_, label}, "loss"), 1.0);
    }
    [[nodiscard]] OpGraph take() { return std::move(graph_); }

private:
    ValueId add(const OpAttributes& op, std::vector<ValueId> inputs) {
        const auto path = fmt::format("{}{}", nameOf(op), graph_.ops().size());
        std::vector<ValueType> types;
        for (const auto input : inputs)
            types.push_back(graph_.type(input));
        const bool isNorm = std::holds_alternative<BatchNormOp>(op);
        std::vector<WeightId> weights;
        for (const auto& shape : weightShapes(op, types)) {
            const auto index = weights.size();
            weights.push_back(graph_.addWeight({.key = fmt::format("{}/{}", path, index),
                                                .shape = shape,
                                                .initializer = {},
                                                .fans = {},
                                                .trainable = !isNorm || index < 2}));
        }
        return graph_.add(op, std::move(inputs), path, std::move(weights));
    }
    void relu() { value_ = add(ActivationOp{{ActivationKind::Relu}}, {value_}); }
    void convNorm(std::int64_t channels, std::int64_t kernel, std::int64_t stride) {
        const auto side = kernel / 2;
        value_ = add(ConvOp{.outChannels = channels,
                            .kernel = {kernel, kernel},
                            .stride = {stride, stride},
                            .padding = {side, side, side, side},
                            .bias = false},
                     {value_});
        value_ = add(BatchNormOp{}, {value_});
    }
    void residual(std::int64_t channels, std::int64_t stride) {
        const auto source = value_;
        convNorm(channels, 3, stride);
        relu();
        convNorm(channels, 3, 1);
        const auto path = value_;
        value_ = source;
        if (stride != 1)
            convNorm(channels, 1, stride);
        value_ = add(AddOp{}, {path, value_});
        relu();
    }

    OpGraph graph_;
    ValueId value_;
};

std::vector<Work> works() {
    const auto& sgd = optimizer("sgd");
    std::vector<Work> list;
    list.push_back(fromTemplate("lenet-5", 32));
    list.push_back(fromTemplate("small-cnn", 128));
    list.push_back({"resnet-18, CIFAR stem", ResNet18().take(),
                    sgd.make(Params(sgd.params, {{"momentum", 0.9}})), 128});
    return list;
}

/// As calls of the driver, by a step of the smallest batch on the stand-in. They do not depend on
/// the network: its launches are inside the recorded work.
struct StepCalls {
    std::size_t graphLaunches, synchronizations;
};
StepCalls callsOfStep(const Work& work) {
    const auto backend =
        cuda::makeCudaBackend(cuda::standin::standinDriver(), 0, cuda::standin::standinImages());
    const auto program =
        backend->compile(work.graph, {.mode = Mode::Training, .update = work.rule});
    std::vector<Tensor> zeros;
    std::vector<BatchInput> inputs;
    for (const auto& [name, value] : work.graph.inputs()) {
        const auto& type = work.graph.type(value);
        const auto element = type.element == DType::I32 ? DType::I32 : DType::F32;
        zeros.emplace_back(element, type.shapeFor(1));
        inputs.push_back({value, zeros.back().bytes().data()});
    }
    const auto before = cuda::standin::counters();
    program->submit({.inputs = inputs, .seed = {1, 1}, .learningRate = 0.001});
    program->finish();
    const auto after = cuda::standin::counters();
    return {after.graphLaunches - before.graphLaunches,
            after.synchronizations - before.synchronizations};
}

struct Totals {
    std::size_t launches = 0;
    cuda::LaunchCost cost;
    std::int64_t computed = 0; ///< operations, with those of tiles that are for nothing
    std::int64_t rounded = 0;  ///< of `cost.operations`, those on tensor cores
    double seconds[std::size(kGpus)] = {};

    void add(const cuda::LaunchCost& launch) {
        ++launches;
        cost.read += launch.read;
        cost.written += launch.written;
        cost.tileBytes += launch.tileBytes;
        cost.operations += launch.operations;
        cost.tileOperations += launch.tileOperations;
        // The tiles compute more than the product takes.
        const auto done = std::max(launch.operations, launch.tileOperations);
        computed += done;
        if (launch.format != Precision::F32)
            rounded += launch.operations;
        for (std::size_t i = 0; i < std::size(kGpus); ++i)
            seconds[i] += kLaunchSeconds +
                          atLeast(kGpus[i], launch.read + launch.written,
                                  static_cast<double>(done) / kGpus[i].peakOf(launch.format));
    }
    /// By what limits it: memory or arithmetic (Williams et al.: "Roofline", 2009).
    static double atLeast(const Gpu& gpu, std::size_t bytes, double arithmetic) {
        return std::max(static_cast<double>(bytes) / gpu.bandwidth, arithmetic);
    }
    /// Of all in one: `bytes`, and the operations without those of tiles that are for nothing.
    [[nodiscard]] double roofline(const Gpu& gpu, std::size_t bytes, Precision precision) const {
        return atLeast(gpu, bytes,
                       static_cast<double>(cost.operations - rounded) / gpu.operations +
                           static_cast<double>(rounded) / gpu.peakOf(precision));
    }
};

double mega(std::size_t bytes) {
    return static_cast<double>(bytes) / 1e6;
}
double giga(std::int64_t operations) {
    return static_cast<double>(operations) / 1e9;
}

void printLine(const std::string& name, const Totals& totals) {
    fmt::print(
        "  {:<24}{:>9}{:>10.2f}{:>10.2f}{:>11.2f}{:>9.3f}{:>10.3f}{:>9.3f}{:>9.3f}{:>9.3f}\n", name,
        totals.launches, mega(totals.cost.read), mega(totals.cost.written),
        mega(totals.cost.tileBytes), giga(totals.cost.operations), giga(totals.computed),
        1e3 * totals.seconds[0], 1e3 * totals.seconds[1], 1e3 * totals.seconds[2]);
}

Json jsonOf(const cuda::LaunchCost& cost) {
    return {{"bytes_read", cost.read},
            {"bytes_written", cost.written},
            {"tile_bytes", cost.tileBytes},
            {"tile_operations", cost.tileOperations},
            {"operations", cost.operations}};
}

Json planned(const Work& work, const StepCalls& calls, Precision precision, bool showsLaunches) {
    const CompileOptions options{
        .batch = work.batch, .precision = precision, .mode = Mode::Training, .update = work.rule};
    const auto graph = programGraph(work.graph, Mode::Training);
    const auto device = std::make_shared<cuda::Device>(cuda::standin::standinDriver(), 0,
                                                       cuda::standin::standinImages());
    const auto plan = cuda::planStep(device, graph, options);
    const auto least = cuda::leastBytes(graph, options);

    Totals all;
    std::map<std::string, Totals> byKernel;
    Json launches = Json::array();
    for (const auto& launch : plan.launches) {
        const std::string kernel = launch.kernel + std::strlen("gw_");
        const bool isOfOp = launch.op < graph.ops().size();
        all.add(launch.cost);
        byKernel[kernel].add(launch.cost);
        auto row = jsonOf(launch.cost);
        row["kernel"] = kernel;
        row["layer"] = isOfOp ? graph.ops()[launch.op].path : std::string();
        launches.push_back(std::move(row));
    }
    const auto moved = all.cost.read + all.cost.written;
    const double ratio = static_cast<double>(moved) / static_cast<double>(least);

    fmt::print("\n{}, batch {}, {} with {} parameters\n", work.name, work.batch, work.rule.key,
               graph.parameters());
    fmt::print("  {} kernels per step: {} forward, {} backward, {} for norms and update; {} graph "
               "launch, {} synchronization, {} copies\n",
               plan.launches.size(), plan.bounds.backward, plan.bounds.norms - plan.bounds.backward,
               plan.launches.size() - plan.bounds.norms, calls.graphLaunches,
               calls.synchronizations, plan.copies);
    fmt::print("  moves {:.2f} MB, at least {:.2f} MB: {:.2f} times as much\n", mega(moved),
               mega(least), ratio);
    fmt::print("  {:<24}{:>9}{:>10}{:>10}{:>11}{:>9}{:>10}{:>9}{:>9}{:>9}\n", "kernel", "launches",
               "read MB", "write MB", "tiles MB", "GFLOP", "computed", "T4 ms", "A100 ms",
               "H100 ms");
    if (showsLaunches)
        for (const auto& launch : plan.launches) {
            Totals one;
            one.add(launch.cost);
            const auto layer =
                launch.op < graph.ops().size() ? " " + graph.ops()[launch.op].path : std::string();
            printLine(launch.kernel + std::strlen("gw_") + layer, one);
        }
    else
        for (const auto& [kernel, totals] : byKernel)
            printLine(kernel, totals);
    printLine("all, PREDICTED", all);

    Json times = Json::array();
    for (std::size_t i = 0; i < std::size(kGpus); ++i) {
        if (kGpus[i].peakOf(precision) == 0) {
            fmt::print("  {:<16} has no tensor cores for it\n", kGpus[i].name);
            continue;
        }
        const auto roofline = all.roofline(kGpus[i], least, precision);
        fmt::print("  {:<16} predicted {:.3f} ms per step, {:.0f} samples/s; {:.3f} ms of it for "
                   "launches; roofline {:.3f} ms\n",
                   kGpus[i].name, 1e3 * all.seconds[i],
                   static_cast<double>(work.batch) / all.seconds[i],
                   1e3 * kLaunchSeconds * static_cast<double>(all.launches), 1e3 * roofline);
        times.push_back({{"gpu", kGpus[i].name},
                         {"predicted_seconds", all.seconds[i]},
                         {"roofline_seconds", roofline}});
    }
    auto result = jsonOf(all.cost);
    result.update({{"name", work.name},
                   {"precision", nameOf(precision)},
                   {"batch", work.batch},
                   {"parameters", graph.parameters()},
                   {"kernel_launches", plan.launches.size()},
                   {"graph_launches", calls.graphLaunches},
                   {"synchronizations", calls.synchronizations},
                   {"device_copies", plan.copies},
                   {"least_bytes", least},
                   {"ratio", ratio},
                   {"predicted", std::move(times)},
                   {"launches", std::move(launches)}});
    return result;
}

Precision precisionOf(const std::string& name) {
    for (const auto precision : {Precision::F32, Precision::Tf32, Precision::Bf16, Precision::F16})
        if (nameOf(precision) == name)
            return precision;
    throw Error("GPUs compute in fp32, tf32, bf16 and fp16, not in {}", name);
}

int run(std::span<char*> arguments) {
    bool showsLaunches = false;
    auto precision = Precision::F32;
    std::string file;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string argument = arguments[i];
        if (argument == "--launches")
            showsLaunches = true;
        else if (argument == "--json" && i + 1 < arguments.size())
            file = arguments[++i];
        else if (argument == "--precision" && i + 1 < arguments.size())
            precision = precisionOf(arguments[++i]);
        else
            throw Error("usage: bench_gpu_plan [--precision fp32|tf32|bf16|fp16] [--launches] "
                        "[--json FILE]");
    }
    fmt::print("A training step on a GPU, planned from the engine's launches. Times are predicted, "
               "none is measured:\nfor each launch {:.1f} us and what is longer, its bytes by the "
               "bandwidth or what it computes by the peak of its format. Products are in {}.\n",
               1e6 * kLaunchSeconds, nameOf(precision));
    Json gpus = Json::array();
    for (const auto& gpu : kGpus) {
        fmt::print("  {:<16}{:>6.1f} TFLOP/s, products {:>6.1f}, {:>6.0f} GB/s  ({})\n", gpu.name,
                   gpu.operations / 1e12, gpu.peakOf(precision) / 1e12, gpu.bandwidth / 1e9,
                   gpu.source);
        gpus.push_back({{"name", gpu.name},
                        {"operations_per_second", gpu.operations},
                        {"product_operations_per_second", gpu.peakOf(precision)},
                        {"bytes_per_second", gpu.bandwidth},
                        {"source", gpu.source}});
    }
    const auto list = works();
    const auto calls = callsOfStep(list.front());
    Json networks = Json::array();
    for (const auto& work : list)
        networks.push_back(planned(work, calls, precision, showsLaunches));
    if (!file.empty())
        writeFileAtomically(file, Json{{"measured_on_a_gpu", false},
                                       {"launch_seconds", kLaunchSeconds},
                                       {"gpus", std::move(gpus)},
                                       {"networks", std::move(networks)}}
                                          .dump(2) +
                                      "\n");
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
}
