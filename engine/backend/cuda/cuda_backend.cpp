// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/cuda_backend.h"

#include "engine/backend/cuda/program.h"

namespace gradwright::cuda {
namespace {

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
        return precision == Precision::F32 && hasLowering(op);
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
        requireOptions(options);
        return planOf(programGraph(graph, options.mode, options.passes), options);
    }

private:
    static void requireOptions(const CompileOptions& options) {
        if (options.precision != Precision::F32)
            throw Error("NVIDIA GPUs compute in fp32 so far; choose it, or train on the CPU");
        if (options.batch < 1)
            throw Error("a batch needs at least one sample, not {}", options.batch);
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
