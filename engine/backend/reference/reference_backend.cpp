// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/program.h"

namespace gradwright {
namespace {

using namespace reference;

/// Throws Error unless the store was made by this backend for these weights in this precision.
template <class T>
std::shared_ptr<ReferenceWeights<T>> adopt(const std::shared_ptr<WeightStore>& store,
                                           const OpGraph& graph) {
    auto weights = std::dynamic_pointer_cast<ReferenceWeights<T>>(store);
    if (!weights)
        throw Error("the weights were made by another backend or in another precision than {}",
                    nameOf(dtypeOf<T>()));
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

template <class T>
std::unique_ptr<Program> compileAs(const OpGraph& graph, const CompileOptions& options,
                                   const std::shared_ptr<WeightStore>& store) {
    auto weights =
        store ? adopt<T>(store, graph) : std::make_shared<ReferenceWeights<T>>(graph.weights());
    if (options.mode == Mode::Training)
        weights->prepareTraining(options.update ? options.update->allSlots() : 0);
    return std::make_unique<ReferenceProgram<T>>(
        programGraph(graph, options.mode, options.passes, ReferenceProgram<T>::evaluate), options,
        std::move(weights));
}

class ReferenceBackend final : public Backend {
public:
    [[nodiscard]] std::string key() const override { return "reference"; }
    [[nodiscard]] DeviceInfo device() const override {
        return {"reference",
                "Reference",
                "plain loops on one thread, for checking the other backends",
                {Precision::F32, Precision::F64}};
    }

    [[nodiscard]] bool supports(const OpAttributes& /*op*/, Precision precision) const override {
        return precision == Precision::F32 || precision == Precision::F64;
    }

    [[nodiscard]] std::unique_ptr<Program>
    compile(const OpGraph& graph, const CompileOptions& options,
            std::shared_ptr<WeightStore> weights) const override {
        if (options.precision == Precision::Bf16)
            throw Error("the reference computes in fp32 and fp64; bf16 runs on the CPU engine");
        if (options.precision != Precision::F32 && options.precision != Precision::F64)
            throw Error("the reference computes in fp32 and fp64; {} needs an NVIDIA GPU",
                        options.precision == Precision::F16 ? "fp16" : "tf32");
        if (options.batch < 1)
            throw Error("a batch needs at least one sample, not {}", options.batch);
        const auto& rule = options.update;
        const bool isDouble = options.precision == Precision::F64;
        if (rule && !rule->isWhole() &&
            (rule->slots > kMaxUpdateSlots ||
             !(isDouble ? rule->f64 != nullptr : rule->f32 != nullptr)))
            throw Error("the optimizer {} cannot run in {}", rule->key, isDouble ? "F64" : "F32");
        return isDouble ? compileAs<double>(graph, options, weights)
                        : compileAs<float>(graph, options, weights);
    }
};

} // namespace

std::unique_ptr<Backend> makeReferenceBackend() {
    return std::make_unique<ReferenceBackend>();
}

} // namespace gradwright
