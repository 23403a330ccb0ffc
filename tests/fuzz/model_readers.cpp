// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/keras/keras_import.h"
#include "engine/exchange/model/model_file.h"
#include "engine/exchange/onnx_edit.h"
#include "engine/exchange/onnx_import.h"
#include "engine/exchange/onnx_types.h"
#include "engine/exchange/weights/exported_program.h"
#include "engine/io/hdf5/hdf5_file.h"
#include "engine/io/safetensors.h"
#include "engine/project/project_file.h"
#include "engine/support/json.h"
#include "engine/training/checkpoint.h"
#include "tests/fuzz/readers.h"
#include "tests/fuzz/reading.h"

#include <array>

namespace gradwright::test {
namespace {

/// Opened in all ways that there are, and changed.
std::string readNetwork(std::span<const std::uint8_t> bytes) {
    return refusal([&] {
        const auto model = readOnnx(textOf(bytes));
        OnnxImportOptions options;
        options.constantElements = 1 << 16;
        static_cast<void>(refusal([&] { static_cast<void>(importOnnx(model, options)); }));
        options.nodes = true;
        static_cast<void>(importOnnx(model, options));
    });
}

/// A model that is looked at as a file, which changes nothing, and one that is changed and read
/// again.
std::string editModel(std::span<const std::uint8_t> bytes) {
    return refusal([&] {
        auto message = WireMessage::parse(textOf(bytes));
        const auto outline = onnxOutline(message);
        static_cast<void>(inferOnnxTypes(message, outline));
        require(message.bytes() == textOf(bytes), "looking changes the model");
        const auto before = readOnnx(textOf(bytes));
        if (before.outputs.empty())
            throw Error("the model has no output");
        OnnxEdits edits;
        edits.renames = {{before.outputs.front().name, "renamed"}};
        const auto after = readOnnx(editOnnx(textOf(bytes), edits));
        require(after.nodes.size() == before.nodes.size(), "nodes are lost");
        require(after.outputs.front().name == "renamed", "the output is not renamed");
    });
}

/// A project that is written and read again.
std::string readProject(std::span<const std::uint8_t> bytes) {
    return refusal([&] {
        const auto project = projectFromJson(parseJson(textOf(bytes), "project"));
        const auto text = projectText(project);
        require(projectText(projectFromJson(parseJson(text, "project"))) == text,
                "another project than was written");
    });
}

std::string readTensors(std::span<const std::uint8_t> bytes) {
    const MemoryFile file(bytes);
    return refusal([&] {
        const auto contents = readSafetensors(file.path());
        require(readSafetensorsMetadata(file.path()) == contents.metadata, "other metadata");
        for (const auto& [name, tensor] : contents.tensors)
            require(tensor.bytes().size() == static_cast<std::size_t>(tensor.shape().elements()) *
                                                 sizeOf(tensor.dtype()),
                    "a tensor of another size");
    });
}

std::string readTrainingState(std::span<const std::uint8_t> bytes) {
    const MemoryFile file(bytes);
    return refusal([&] {
        static_cast<void>(stepsOfCheckpoint(file.path()));
        static_cast<void>(readCheckpointWeights(file.path()));
    });
}

std::string readOptimizedModel(std::span<const std::uint8_t> bytes) {
    const MemoryFile file(bytes);
    return refusal([&] { static_cast<void>(readModel(file.path())); });
}

std::string readKeras(std::span<const std::uint8_t> bytes) {
    const MemoryFile file(bytes);
    return refusal([&] {
        const auto made = importKeras(readKerasFile(file.path()));
        if (!made.problems.empty())
            throw Error("{}", problemLines(made.problems));
    });
}

/// Each weight of an exported program.
std::string readExported(std::span<const std::uint8_t> bytes) {
    const MemoryFile file(bytes);
    return refusal([&] {
        const auto archive = openExportedProgram(file.path());
        for (const auto& tensor : archive.tensors)
            archive.read({tensor.name}, [&](const std::string&, const Tensor& values) {
                require(values.shape() == tensor.shape, "a weight of another shape");
            });
    });
}

/// Each array of a file.
std::string readHdf5(std::span<const std::uint8_t> bytes) {
    return refusal([&] {
        const Hdf5File file(ByteRegion(std::string(textOf(bytes)), "arrays"));
        for (const auto& [path, dataset] : file.datasets())
            require(file.read(path).shape() == dataset.shape, "an array of another shape");
    });
}

constexpr std::array kModelReaders = {FuzzedReader{"onnx", readNetwork},
                                      FuzzedReader{"onnx-edit", editModel},
                                      FuzzedReader{"project", readProject},
                                      FuzzedReader{"safetensors", readTensors},
                                      FuzzedReader{"checkpoint", readTrainingState},
                                      FuzzedReader{"model", readOptimizedModel},
                                      FuzzedReader{"keras", readKeras},
                                      FuzzedReader{"exported", readExported},
                                      FuzzedReader{"hdf5", readHdf5}};

} // namespace

std::span<const FuzzedReader> fuzzedModelReaders() {
    return kModelReaders;
}

} // namespace gradwright::test
