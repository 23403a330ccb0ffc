// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/exchange/node_tests.h"

#include "engine/exchange/network_runner.h"
#include "engine/exchange/onnx_import.h"
#include "engine/graph/lower.h"
#include "engine/onnx/onnx_tensors.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

namespace fs = std::filesystem;

namespace gradwright::test {
namespace {

using State = NodeTestResult::State;
using Fixed = NodeTestResult::Fixed;

std::string bytesOfFile(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream)
        throw Error("{} is missing", file.filename().string());
    return {std::istreambuf_iterator<char>(stream), {}};
}

Tensor tensorOf(const fs::path& file) {
    onnx_format::TensorProto proto;
    if (!proto.ParseFromString(bytesOfFile(file)) || proto.data_type() == 0)
        throw Error("an array of the test is no tensor");
    const auto tensor = onnxTensor(proto, {}, "an array of the test");
    if (!tensor.values)
        throw Error("{}", tensor.problem);
    return *tensor.values;
}

struct Case {
    OnnxModel model;
    std::map<std::string, Tensor, std::less<>> inputs;
    std::vector<Tensor> outputs;
    double tolerance = 1e-4; ///< relative; the standard's is 1e-3
};

Case read(const fs::path& folder) {
    Case made{readOnnxFile(folder / "model.onnx"), {}, {}};
    for (std::size_t i = 0; i < made.model.inputs.size(); ++i)
        made.inputs.emplace(made.model.inputs[i].name,
                            tensorOf(folder / "test_data_set_0" / fmt::format("input_{}.pb", i)));
    for (std::size_t i = 0; i < made.model.outputs.size(); ++i)
        made.outputs.push_back(
            tensorOf(folder / "test_data_set_0" / fmt::format("output_{}.pb", i)));
    // The functions of windows have another π than their expected values.
    if (folder.filename().string().find("window") != std::string::npos)
        made.tolerance = 1e-3;
    // What the standard rounds to 16 bits is computed in 32 here.
    for (const auto* ports : {&made.model.inputs, &made.model.outputs})
        for (const auto& port : *ports)
            made.tolerance = std::max(made.tolerance, port.type == "float16"    ? 1e-3
                                                      : port.type == "bfloat16" ? 1e-2
                                                                                : 0);
    return made;
}

/// "output 0, element 3: 1.5 instead of 2", or nothing.
std::string difference(std::size_t output, const Tensor& actual, const Tensor& wanted,
                       double tolerance) {
    if (actual.shape() != wanted.shape())
        return fmt::format("output {}: {} instead of {}", output, toString(actual.shape()),
                           toString(wanted.shape()));
    const auto have = actual.to(DType::F64);
    const auto want = wanted.to(DType::F64);
    for (std::size_t i = 0; i < want.span<double>().size(); ++i) {
        const auto a = have.span<double>()[i];
        const auto b = want.span<double>()[i];
        const bool bothNaN = std::isnan(a) && std::isnan(b);
        if (!bothNaN && a != b && !(std::abs(a - b) <= 1e-6 + tolerance * std::abs(b)))
            return fmt::format("output {}, element {}: {} instead of {}", output, i, a, b);
    }
    return {};
}

/// The answers of the network; throws Error where it does not open or run.
std::vector<Tensor> answers(const Case& test, Fixed fixed, const ComputeTarget& target) {
    OnnxImportOptions options;
    options.nodes = true;
    for (std::size_t i = 0; i < test.model.inputs.size(); ++i) {
        const auto& port = test.model.inputs[i];
        const auto& values = test.inputs.at(port.name);
        for (std::size_t axis = 0; axis < std::min(port.axes.size(), values.shape().rank());
             ++axis) {
            options.lengths.try_emplace(fmt::format("{}:{}", port.name, axis),
                                        values.shape()[axis]);
            if (!port.axes[axis].name.empty())
                options.lengths.try_emplace(port.axes[axis].name, values.shape()[axis]);
        }
        const bool isReal = values.dtype() == DType::F32 || values.dtype() == DType::F64;
        if ((fixed == Fixed::WholeNumbers && !isReal) || (fixed == Fixed::AllButFirst && i > 0))
            options.constants.emplace(port.name, values);
    }
    if (fixed != Fixed::Nothing && options.constants.empty())
        throw Error("it has no such inputs");
    const auto import = importOnnxWhole(test.model, options);
    if (!import.unable.empty())
        throw Error("{}", import.unable.front().reason);
    NetworkRunner runner(lower(import.network), import.weights, target);
    NamedTensors inputs;
    for (const auto& [node, name] : import.inputs) {
        if (std::ranges::find(runner.inputs(), node, &NetworkRunner::Port::name) ==
            runner.inputs().end())
            continue; // nothing needs it
        const auto& values = test.inputs.at(name);
        const auto& shape = values.shape();
        inputs.emplace(node, !import.isWholeRun  ? values
                             : shape.rank() == 0 ? values.reshaped({1, 1})
                                                 : values.reshaped(shape.withBatch(1)));
    }
    const auto made = runner.run(inputs);
    std::vector<Tensor> outputs;
    for (const auto& [node, name] : import.outputs) {
        const auto& values = made.at(node);
        const auto& dims = values.shape().dims();
        if (import.isWholeRun) {
            auto one =
                values.reshaped(Shape(std::vector<std::int64_t>(dims.begin() + 1, dims.end())));
            outputs.push_back(import.countedOutputs.contains(name) ? usedRows(one)
                                                                   : std::move(one));
        } else {
            outputs.push_back(import.flatOutputs.contains(name) ? values.reshaped({dims[0]})
                                                                : values);
        }
    }
    return outputs;
}

} // namespace

NodeTestResult runNodeTest(const fs::path& folder, const ComputeTarget& target) {
    NodeTestResult first;
    try {
        const auto test = read(folder);
        for (const auto fixed : {Fixed::Nothing, Fixed::WholeNumbers, Fixed::AllButFirst}) {
            try {
                const auto made = answers(test, fixed, target);
                std::string fault;
                for (std::size_t i = 0; fault.empty() && i < test.outputs.size(); ++i)
                    fault = i < made.size()
                                ? difference(i, made[i], test.outputs[i], test.tolerance)
                                : fmt::format("output {} is missing", i);
                return {fault.empty() ? State::Equal : State::Different, fixed, fault};
            } catch (const Error& error) {
                if (fixed == Fixed::Nothing)
                    first.reason = error.what();
            }
        }
    } catch (const Error& error) {
        first.reason = error.what();
    }
    return first;
}

} // namespace gradwright::test
