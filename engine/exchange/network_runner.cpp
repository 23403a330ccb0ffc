// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/network_runner.h"

#include "engine/inference/optimized_network.h"
#include "engine/passes/inference/optimize.h"
#include "engine/passes/mixes_samples.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gradwright {
namespace {

std::vector<NetworkRunner::Port> portsOf(const OpGraph& graph,
                                         const std::vector<NamedValue>& values) {
    std::vector<NetworkRunner::Port> ports;
    for (const auto& [name, value] : values)
        ports.push_back({name, graph.type(value).sample()});
    return ports;
}

std::string namesOf(const std::vector<NetworkRunner::Port>& ports) {
    std::vector<std::string> names;
    for (const auto& port : ports)
        names.push_back(port.name);
    return fmt::format("{}", fmt::join(names, ", "));
}

InferenceModel modelFor(OpGraph graph, const Weights& weights, Precision precision, RunAs as) {
    auto model = inferenceModel(std::move(graph), weights,
                                precision == Precision::F64 ? DType::F64 : DType::F32);
    if (as == RunAs::Optimized)
        optimize(model);
    return model;
}

} // namespace

NetworkRunner::NetworkRunner(OpGraph graph, const Weights& weights, const ComputeTarget& target,
                             RunAs as)
    : NetworkRunner(modelFor(std::move(graph), weights, target.precision, as), target) {}

NetworkRunner::NetworkRunner(InferenceModel model, const ComputeTarget& target)
    : programs_(backendFor(target), model.graph, {.precision = target.precision})
    , inputs_(portsOf(programs_.graph(), programs_.graph().inputs()))
    , outputs_(portsOf(programs_.graph(), programs_.graph().outputs())) {
    if (mixesSamples(programs_.graph()))
        batch_ = 1;
    programs_.get(1, Mode::Inference);
    writeWeights(*programs_.weights(), weightsOf(model));
}

NamedTensors NetworkRunner::run(const NamedTensors& inputs, const std::stop_token& stop,
                                const std::function<void(std::int64_t)>& progress) {
    for (const auto& [name, values] : inputs)
        if (std::ranges::find(inputs_, name, &Port::name) == inputs_.end())
            throw Error("there is no input \"{}\"; there are {}", name, namesOf(inputs_));
    std::int64_t samples = -1;
    std::vector<Tensor> values;
    for (const auto& port : inputs_) {
        const auto found = inputs.find(port.name);
        if (found == inputs.end())
            throw Error("the input \"{}\" is missing ({} per sample)", port.name,
                        toString(port.sample));
        const auto& shape = found->second.shape();
        const auto count = shape.rank() > 0 ? shape[0] : 0;
        if (count < 1 || shape != port.sample.withBatch(count))
            throw Error("the input \"{}\" takes samples of {}, [samples, …]; received {}",
                        port.name, toString(port.sample), toString(shape));
        if (samples >= 0 && samples != count)
            throw Error("the inputs have {} and {} samples", samples, count);
        samples = count;
        values.push_back(found->second.dtype() == DType::F32 ? found->second
                                                             : found->second.to(DType::F32));
    }
    if (samples < 0)
        samples = 1; // nothing that is given changes the answer
    NamedTensors outputs;
    for (const auto& port : outputs_)
        outputs.emplace(port.name, Tensor(DType::F32, port.sample.withBatch(samples)));
    const auto& graph = programs_.graph();
    for (std::int64_t done = 0; done < samples;) {
        const auto batch = std::min(batch_, samples - done);
        auto& program = programs_.get(batch, Mode::Inference);
        std::vector<BatchInput> bound;
        for (std::size_t i = 0; i < values.size(); ++i)
            bound.push_back({graph.inputs()[i].value,
                             values[i].span<float>().data() + done * inputs_[i].sample.elements()});
        if (!program.forward(bound, {}, stop))
            return {};
        for (std::size_t i = 0; i < outputs_.size(); ++i) {
            const auto each = outputs_[i].sample.elements();
            program.copyOutput(graph.outputs()[i].value,
                               outputs.at(outputs_[i].name)
                                   .span<float>()
                                   .subspan(static_cast<std::size_t>(done * each),
                                            static_cast<std::size_t>(batch * each)));
        }
        done += batch;
        if (progress)
            progress(done);
    }
    return outputs;
}

} // namespace gradwright
