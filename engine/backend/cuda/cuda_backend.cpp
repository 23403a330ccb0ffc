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
        return {fmt::format("cuda:{}", ordinal_), opened()->name(),
                fmt::format("{} multiprocessors", opened()->multiprocessors()),
                hasSm80()
                    ? std::vector{Precision::F32, Precision::Tf32, Precision::Bf16, Precision::F16}
                    : std::vector{Precision::F32, Precision::F16}};
    }
    [[nodiscard]] bool supports(const OpAttributes& op, Precision precision) const override {
        return whyNot(precision).empty() && hasLowering(op);
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
        requireOptions(options);
        return planOf(programGraph(graph, options.mode, options.passes), options);
    }

private:
    /// BF16, TF32 and asynchronous copies.
    [[nodiscard]] bool hasSm80() const { return opened()->computeCapability() >= 80; }
    /// Empty where the GPU computes in that precision. FP32 and FP16 ask no GPU: ours all have
    /// them.
    [[nodiscard]] std::string whyNot(Precision precision) const {
        switch (precision) {
        case Precision::F32:
        case Precision::F16:
            return {};
        case Precision::Bf16:
        case Precision::Tf32:
            if (hasSm80())
                return {};
            return fmt::format(
                "{} has no tensor cores for {}, which came with compute capability 8.0, but {}.{}; "
                "choose fp16 or fp32",
                opened()->name(), precision == Precision::Bf16 ? "bf16" : "tf32",
                opened()->computeCapability() / 10, opened()->computeCapability() % 10);
        case Precision::F64:
            break;
        }
        return "the engine for NVIDIA GPUs computes in fp32, tf32, bf16 and fp16; fp64 runs on the "
               "reference backend";
    }
    void requireOptions(const CompileOptions& options) const {
        if (const auto why = whyNot(options.precision); !why.empty())
            throw Error("{}", why);
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
