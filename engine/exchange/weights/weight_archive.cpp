// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/weights/weight_archive.h"

#include "engine/exchange/weights/exported_program.h"
#include "engine/exchange/weights/weight_names.h"
#include "engine/io/safetensors.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <set>

namespace gradwright {
namespace {

constexpr std::array<std::string_view, 4> kPickled = {".pt", ".pth", ".bin", ".ckpt"};

std::string weightFileEnding(const std::filesystem::path& file) {
    auto ending = file.extension().string();
    std::ranges::transform(ending, ending.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
    return ending;
}

Tensor asRealNumbers(const std::filesystem::path& file, const std::string& name,
                     const Tensor& tensor) {
    switch (tensor.dtype()) {
    case DType::F32:
    case DType::F64:
    case DType::F16:
    case DType::BF16:
        return tensor.to(DType::F32);
    default:
        throw Error("{}: the tensor {} holds {}, which are no weights of a network that computes "
                    "in real numbers; save the model before it was quantized",
                    file.string(), name, nameOf(tensor.dtype()));
    }
}

/// The values as they are in the file.
WeightArchive openSafetensors(const std::filesystem::path& file) {
    WeightArchive archive{file, {}, {}};
    readSafetensors(
        file,
        [&](SafetensorsContents& contents) {
            for (const auto& [name, shape] : contents.shapes)
                archive.tensors.push_back({name, shape});
            contents.shapes.clear();
        },
        [](const std::string&, const Tensor&) {});
    archive.read = [file](const std::vector<std::string>& names,
                          const std::function<void(const std::string&, Tensor)>& take) {
        const std::set<std::string, std::less<>> wanted(names.begin(), names.end());
        readSafetensors(
            file,
            [&](SafetensorsContents& contents) {
                std::erase_if(contents.shapes,
                              [&](const auto& entry) { return !wanted.contains(entry.first); });
                if (contents.shapes.size() != wanted.size())
                    throw Error("{}: has been replaced by another file meanwhile", file.string());
            },
            take);
    };
    return archive;
}

} // namespace

bool isWeightFile(const std::filesystem::path& file) {
    const auto ending = weightFileEnding(file);
    return ending == ".safetensors" || ending == ".pt2" || std::ranges::count(kPickled, ending) > 0;
}

WeightArchive openWeightArchive(const std::filesystem::path& file) {
    const auto ending = weightFileEnding(file);
    if (std::ranges::count(kPickled, ending) > 0)
        throw Error("{0}: PyTorch's own files are programs and are not run here; convert it once, "
                    "where PyTorch is: python3 -c \"import torch; from safetensors.torch import "
                    "save_file; s = torch.load('{1}', map_location='cpu', weights_only=True); s = "
                    "s.get('state_dict', s); save_file({{k: v.clone().contiguous() for k, v in "
                    "s.items()}}, '{2}.safetensors')\"",
                    file.string(), file.filename().string(), file.stem().string());
    auto archive = ending == ".pt2" ? openExportedProgram(file) : openSafetensors(file);
    if (archive.tensors.empty())
        throw Error("{}: holds no tensors", file.string());
    std::ranges::sort(archive.tensors, comesBefore, &ForeignTensor::name);
    archive.read = [file, read = std::move(archive.read)](
                       const std::vector<std::string>& names,
                       const std::function<void(const std::string&, Tensor)>& take) {
        read(names, [&](const std::string& name, const Tensor& tensor) {
            take(name, asRealNumbers(file, name, tensor));
        });
    };
    return archive;
}

} // namespace gradwright
