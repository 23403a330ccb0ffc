// SPDX-License-Identifier: GPL-3.0-or-later
//
// Writes ONNX models into a folder, each with what it is fed and what the engine makes of it:
//   onnx-cases FOLDER OPSET [PART OF A NAME]
// cases.json says which files belong together; numbers are little-endian F32 and I32.
#include "engine/exchange/onnx_writer.h"
#include "engine/io/atomic_file.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "tests/engine/exchange/onnx_cases.h"

#include <cstdlib>
#include <filesystem>
#include <limits>

using namespace gradwright;
using namespace gradwright::test;

namespace {

Json arrayFile(const std::filesystem::path& folder, const std::string& name, const Tensor& values) {
    writeFileAtomically(folder / name, values.bytes());
    return {{"file", name}, {"shape", values.shape().dims()}, {"type", nameOf(values.dtype())}};
}

/// What belongs to a case, or why it is refused.
Json write(const OnnxCase& onnxCase, const std::filesystem::path& folder, std::int64_t opset,
           std::size_t number, bool byReference) {
    Json json = {{"name", onnxCase.name}};
    try {
        const auto model = fmt::format("{}.onnx", number);
        writeFileAtomically(folder / model,
                            std::string_view(onnxFile(onnxCase.graph, onnxCase.weights,
                                                      {.opset = opset, .name = onnxCase.name})));
        json["model"] = model;
    } catch (const Error& error) {
        json["refused"] = error.what();
        return json;
    }
    for (std::size_t i = 0; i < onnxCase.inputs.size(); ++i)
        json["inputs"][onnxCase.graph.inputs()[i].name] =
            arrayFile(folder, fmt::format("{}.in{}", number, i), onnxCase.inputs[i]);
    const auto outputs = expectedOutputs(onnxCase, byReference);
    for (std::size_t i = 0; i < outputs.size(); ++i)
        json["outputs"][onnxCase.graph.outputs()[i].name] =
            arrayFile(folder, fmt::format("{}.out{}", number, i), outputs[i].to(DType::F32));
    return json;
}

} // namespace

int main(int count, char** arguments) {
    if (count < 3) {
        fmt::print(stderr, "usage: onnx-cases FOLDER OPSET [PART OF A NAME]\n");
        return 2;
    }
    try {
        const std::filesystem::path folder = arguments[1];
        const auto opset = std::strtoll(arguments[2], nullptr, 10);
        const std::string part = count > 3 ? arguments[3] : "";
        Json list = Json::array();
        const auto add = [&](const OnnxCase& onnxCase, bool byReference) {
            list.push_back(write(onnxCase, folder, opset, list.size(), byReference));
        };
        for (const auto& cases : {onnxLayerCases(), onnxOpCases()})
            for (const auto& each : cases)
                if (each.name.find(part) != std::string::npos)
                    add(each, true);
        for (const auto& key : templateKeys())
            if (key.find(part) != std::string::npos)
                add(onnxTemplateCase(key, std::numeric_limits<std::int64_t>::max()), false);
        writeFileAtomically(folder / "cases.json", std::string_view(list.dump(1)));
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "onnx-cases: {}\n", error.what());
        return 1;
    }
}
