// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/bf16_support.h"
#include "engine/backend/onednn/chunked_program.h"
#include "engine/backend/onednn/parted_program.h"
#include "engine/backend/onednn/processor_info.h"
#include "engine/passes/mixes_samples.h"

#include <thread>

namespace gradwright {
namespace {

using namespace onednn;

/// Throws Error unless the store was made by this backend for these weights.
std::shared_ptr<OneDnnWeights> adopt(const std::shared_ptr<WeightStore>& store,
                                     const OpGraph& graph) {
    auto weights = std::dynamic_pointer_cast<OneDnnWeights>(store);
    if (!weights)
        throw Error("the weights were made by another backend than the CPU engine");
    const auto& have = weights->specs();
    const auto& want = graph.weights();
    if (have.size() != want.size())
        throw Error("the weights are those of another network: {} tensors, not {}", have.size(),
                    want.size());
    for (std::size_t i = 0; i < want.size(); ++i)
        if (have[i].key != want[i].key || have[i].shape != want[i].shape ||
            have[i].learns() != want[i].learns())
            throw Error("the weights are those of another network: {} of shape {} instead of {} of "
                        "shape {}",
                        have[i].key, toString(have[i].shape), want[i].key, toString(want[i].shape));
    return weights;
}

std::string processorName() {
    auto name = processorInfo("model name");
    return name.empty() ? "CPU" : name;
}

/// What oneDNN makes use of.
std::string_view instructionSet() {
    switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
        return "SSE4.1";
    case dnnl::cpu_isa::avx:
        return "AVX";
    case dnnl::cpu_isa::avx2:
        return "AVX2";
    case dnnl::cpu_isa::avx512_core:
        return "AVX-512";
    case dnnl::cpu_isa::avx512_core_vnni:
        return "AVX-512 VNNI";
    case dnnl::cpu_isa::avx512_core_bf16:
        return "AVX-512 BF16";
    case dnnl::cpu_isa::avx512_core_amx:
        return "AVX-512 AMX";
    case dnnl::cpu_isa::avx2_vnni:
        return "AVX2 VNNI";
    default: // newer than the list of the oneDNN that this was compiled with
        return newestInstructions(processorInfo("flags"));
    }
}

void requireSupported(const CompileOptions& options) {
    if (options.precision == Precision::F64)
        throw Error("the CPU engine computes in fp32 and bf16; fp64 runs on the reference "
                    "backend");
    if (options.precision != Precision::F32 && options.precision != Precision::Bf16)
        throw Error("the CPU engine computes in fp32 and bf16; {} needs an NVIDIA GPU",
                    options.precision == Precision::F16 ? "fp16" : "tf32");
    if (options.batch < 1)
        throw Error("a batch needs at least one sample, not {}", options.batch);
    const auto& rule = options.update;
    if (rule && !rule->isWhole() && (rule->slots > kMaxUpdateSlots || !rule->f32))
        throw Error("the optimizer {} cannot run in F32", rule->key);
}

/// How a batch is computed.
enum class Division { None, Chunks, Parts };

Division divisionOf(const OpGraph& graph, const CompileOptions& options, int parts) {
    // What is to be computed in parts is so for the smallest batch, too: its numbers must not
    // depend on the number of threads.
    const bool isFixed = parts > 1;
    if (mixesSamples(graph))
        return Division::None;
    if (options.mode == Mode::Training) // a part knows its own share of the gradients only
        return (isFixed || options.sharesStatistics) && options.passes.empty() ? Division::Parts
                                                                               : Division::None;
    return isFixed || ChunkedProgram::chunkFor(graph, options, parts) < options.batch
               ? Division::Chunks
               : Division::None;
}

class OneDnnBackend final : public Backend {
public:
    explicit OneDnnBackend(CpuOptions cpu)
        : cpu_(cpu) {}

    [[nodiscard]] std::string key() const override { return "onednn"; }
    [[nodiscard]] DeviceInfo device() const override {
        const bool native = bf16Support() == Bf16Support::Native;
        return {.key = "cpu",
                .name = processorName(),
                .detail =
                    fmt::format("oneDNN {}, {}, bf16 {}, {} hardware threads", libraryVersion(),
                                instructionSet(), native ? "native" : "emulated",
                                std::thread::hardware_concurrency()),
                .precisions = {Precision::F32, Precision::Bf16},
                .emulated = native ? std::vector<Precision>{} : std::vector{Precision::Bf16},
                .slower = native && isBf16Slower() ? std::vector{Precision::Bf16}
                                                   : std::vector<Precision>{}};
    }

    [[nodiscard]] bool supports(const OpAttributes& /*op*/, Precision precision) const override {
        return precision == Precision::F32 || precision == Precision::Bf16;
    }

    [[nodiscard]] ProgramReport plan(const OpGraph& graph,
                                     const CompileOptions& options) const override {
        requireSupported(options);
        try {
            switch (divisionOf(graph, options, cpu_.parts)) {
            case Division::Chunks:
                return ChunkedProgram::plan(graph, options, cpu_.parts);
            case Division::Parts:
                return PartedProgram::plan(graph, options, cpu_.parts);
            case Division::None:
                break;
            }
            return planProgram(graph, options);
        } catch (const dnnl::error& error) {
            throw Error("oneDNN cannot compile the network: {}", error.what());
        }
    }

    [[nodiscard]] std::unique_ptr<Program>
    compile(const OpGraph& graph, const CompileOptions& options,
            std::shared_ptr<WeightStore> weights) const override {
        requireSupported(options);
        auto store =
            weights ? adopt(weights, graph) : std::make_shared<OneDnnWeights>(graph.weights());
        try {
            switch (divisionOf(graph, options, cpu_.parts)) {
            case Division::Chunks:
                return std::make_unique<ChunkedProgram>(graph, options, cpu_.parts,
                                                        std::move(store));
            case Division::Parts:
                return std::make_unique<PartedProgram>(graph, options, cpu_.parts,
                                                       std::move(store));
            case Division::None:
                break;
            }
            return std::make_unique<OneDnnProgram>(graph, options, std::move(store));
        } catch (const dnnl::error& error) {
            throw Error("oneDNN cannot compile the network: {}", error.what());
        }
    }

private:
    CpuOptions cpu_;
};

} // namespace

std::unique_ptr<Backend> makeOneDnnBackend(CpuOptions options) {
    return std::make_unique<OneDnnBackend>(options);
}

} // namespace gradwright
