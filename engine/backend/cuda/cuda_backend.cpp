// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/cuda_backend.h"

#include "engine/backend/cuda/program.h"
#include "engine/backend/gpus.h"

namespace gradwright::cuda {
namespace {

void requireOptions(const CompileOptions& options) {
    if (options.precision != Precision::F32)
        throw Error("NVIDIA GPUs compute in fp32 so far; choose it, or train on the CPU");
    if (options.batch < 1)
        throw Error("a batch needs at least one sample, not {}", options.batch);
    if (options.mode == Mode::Training && options.update)
        requireUpdate(*options.update);
}

ProgramReport planned(const OpGraph& graph, const CompileOptions& options) {
    requireOptions(options);
    return planOf(programGraph(graph, options.mode, options.passes), options);
}

bool computes(const OpAttributes& op, Precision precision) {
    return precision == Precision::F32 && hasLowering(op);
}

/// Tells what a GPU would do, without a driver.
class GpuPlanner final : public Backend {
public:
    explicit GpuPlanner(std::string device)
        : device_(std::move(device)) {}

    [[nodiscard]] std::string key() const override { return "cuda"; }
    [[nodiscard]] DeviceInfo device() const override {
        return {device_, "NVIDIA GPU", "CUDA", {Precision::F32}};
    }
    [[nodiscard]] bool supports(const OpAttributes& op, Precision precision) const override {
        return computes(op, precision);
    }
    [[nodiscard]] std::unique_ptr<Program>
    compile(const OpGraph& graph, const CompileOptions& options,
            std::shared_ptr<WeightStore> /*weights*/) const override {
        static_cast<void>(planned(graph, options)); // what it refuses comes first
        throw Error("{} computes in a process of its own only", device_);
    }
    [[nodiscard]] ProgramReport plan(const OpGraph& graph,
                                     const CompileOptions& options) const override {
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
        return {fmt::format("cuda:{}", ordinal_),
                opened()->name(),
                fmt::format("{} multiprocessors", opened()->multiprocessors()),
                {Precision::F32}};
    }
    [[nodiscard]] bool supports(const OpAttributes& op, Precision precision) const override {
        return computes(op, precision);
    }

    [[nodiscard]] std::unique_ptr<Program>
    compile(const OpGraph& graph, const CompileOptions& options,
            std::shared_ptr<WeightStore> weights) const override {
        requireOptions(options);
        auto store = weights ? std::dynamic_pointer_cast<CudaWeights>(weights)
                             : std::make_shared<CudaWeights>(opened(), graph.weights());
        if (!store)
            throw Error("the weights were made by another backend than {}", key());
        store->requireSame(graph.weights());
        if (options.mode == Mode::Training)
            store->prepareTraining(options.update ? options.update->allSlots() : 0);
        return std::make_unique<CudaProgram>(
            opened(), programGraph(graph, options.mode, options.passes), options, std::move(store));
    }

    [[nodiscard]] ProgramReport plan(const OpGraph& graph,
                                     const CompileOptions& options) const override {
        return planned(graph, options);
    }
    [[nodiscard]] std::optional<std::size_t> freeMemory() const override {
        opened()->use();
        return opened()->freeMemory();
    }

private:
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

std::unique_ptr<Backend> makeGpuPlanner(std::string device) {
    return std::make_unique<cuda::GpuPlanner>(std::move(device));
}

} // namespace gradwright
