// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/cuda_backend.h"

#include "engine/backend/cuda/program.h"
#include "engine/backend/gpus.h"

namespace gradwright::cuda {
namespace {

/// Empty where GPUs of a compute capability (80 is 8.0) compute in that precision. FP32 and FP16
/// are for all that the kernels are compiled for.
std::string whyNot(Precision precision, const std::string& name, int capability) {
    switch (precision) {
    case Precision::F32:
    case Precision::F16:
        return {};
    case Precision::Bf16:
    case Precision::Tf32:
        if (capability >= 80)
            return {};
        return fmt::format(
            "{} has no tensor cores for {}, which came with compute capability 8.0, but {}.{}; "
            "choose fp16 or fp32",
            name, precision == Precision::Bf16 ? "bf16" : "tf32", capability / 10, capability % 10);
    case Precision::F64:
        break;
    }
    return "the engine for NVIDIA GPUs computes in fp32, tf32, bf16 and fp16; fp64 runs on the "
           "reference backend";
}

std::vector<Precision> precisionsAt(int capability) {
    std::vector<Precision> found;
    for (const auto each : {Precision::F32, Precision::Tf32, Precision::Bf16, Precision::F16})
        if (whyNot(each, {}, capability).empty())
            found.push_back(each);
    return found;
}

/// `whyNot`: what keeps the GPU from computing in that precision.
void requireOptions(const CompileOptions& options, const std::string& whyNot) {
    if (!whyNot.empty())
        throw Error("{}", whyNot);
    if (options.batch < 1)
        throw Error("a batch needs at least one sample, not {}", options.batch);
    if (options.mode == Mode::Training && options.update)
        requireUpdate(*options.update);
}

ProgramReport planned(const OpGraph& graph, const CompileOptions& options) {
    return planOf(programGraph(graph, options.mode, options.passes), options);
}

/// For plans that know no GPU: it is asked when it is there.
constexpr int kNewest = 1000;

/// Tells what a GPU would do, without a driver.
class GpuPlanner final : public Backend {
public:
    explicit GpuPlanner(std::string device)
        : device_(std::move(device)) {}

    [[nodiscard]] std::string key() const override { return "cuda"; }
    [[nodiscard]] DeviceInfo device() const override {
        return {device_, "NVIDIA GPU", "CUDA", precisionsAt(kNewest)};
    }
    [[nodiscard]] bool supports(const OpAttributes& op, Precision precision) const override {
        return whyNot(precision, device_, kNewest).empty() && hasLowering(op);
    }
    [[nodiscard]] std::unique_ptr<Program>
    compile(const OpGraph& graph, const CompileOptions& options,
            std::shared_ptr<WeightStore> /*weights*/) const override {
        static_cast<void>(plan(graph, options)); // what it refuses comes first
        throw Error("{} computes in a process of its own only", device_);
    }
    [[nodiscard]] ProgramReport plan(const OpGraph& graph,
                                     const CompileOptions& options) const override {
        requireOptions(options, whyNot(options.precision, device_, kNewest));
        return planned(graph, options);
    }

private:
    std::string device_;
};

class CudaBackend final : public Backend {
public:
    CudaBackend(const Driver& driver, int ordinal, std::span<const Image> images)
        : driver_(driver)
        , ordinal_(ordinal)
        , images_(images.begin(), images.end()) {}

    [[nodiscard]] std::string key() const override { return "cuda"; }
    [[nodiscard]] DeviceInfo device() const override {
        return {fmt::format("cuda:{}", ordinal_), opened()->name(),
                fmt::format("{} multiprocessors", opened()->multiprocessors()),
                precisionsAt(opened()->computeCapability())};
    }
    [[nodiscard]] bool supports(const OpAttributes& op, Precision precision) const override {
        return hasLowering(op) && whyNot(precision).empty();
    }

    [[nodiscard]] std::unique_ptr<Program>
    compile(const OpGraph& graph, const CompileOptions& options,
            std::shared_ptr<WeightStore> weights) const override {
        requireOptions(options, whyNot(options.precision));
        auto store = weights ? std::dynamic_pointer_cast<CudaWeights>(weights)
                             : std::make_shared<CudaWeights>(opened(), graph.weights());
        if (!store)
            throw Error("the weights were made by another backend than {}", key());
        store->requireSame(graph.weights());
        if (options.mode == Mode::Training) {
            store->prepareTraining(options.update ? options.update->allSlots() : 0);
            if (options.precision == Precision::F16)
                store->prepareLossScale();
        }
        return std::make_unique<CudaProgram>(
            opened(), programGraph(graph, options.mode, options.passes), options, std::move(store));
    }

    [[nodiscard]] ProgramReport plan(const OpGraph& graph,
                                     const CompileOptions& options) const override {
        requireOptions(options, whyNot(options.precision));
        return planned(graph, options);
    }
    [[nodiscard]] std::optional<std::size_t> freeMemory() const override {
        opened()->use();
        return opened()->freeMemory();
    }

private:
    /// Asks the GPU only where its kind matters.
    [[nodiscard]] std::string whyNot(Precision precision) const {
        const bool isForSome = precision == Precision::Bf16 || precision == Precision::Tf32;
        return cuda::whyNot(precision, isForSome ? opened()->name() : "",
                            isForSome ? opened()->computeCapability() : 0);
    }
    const std::shared_ptr<Device>& opened() const {
        if (!device_)
            device_ = std::make_shared<Device>(driver_, ordinal_, images_);
        return device_;
    }

    const Driver& driver_;
    int ordinal_;
    std::vector<Image> images_;
    mutable std::shared_ptr<Device> device_;
};

} // namespace

std::unique_ptr<Backend> makeCudaBackend(const Driver& driver, int ordinal,
                                         std::span<const Image> images) {
    return std::make_unique<CudaBackend>(driver, ordinal, images);
}

} // namespace gradwright::cuda

namespace gradwright {

std::vector<Precision> precisionsOf(const GpuInfo& gpu) {
    return cuda::precisionsAt(10 * gpu.major + gpu.minor);
}

std::unique_ptr<Backend> makeGpuPlanner(std::string device) {
    return std::make_unique<cuda::GpuPlanner>(std::move(device));
}

} // namespace gradwright
