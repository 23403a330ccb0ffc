// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/weights/exported_program.h"

#include "engine/graph/network_json.h"
#include "engine/io/zip_archive.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>

namespace gradwright {
namespace {

constexpr std::string_view kWeightList = "_weights_config.json";
constexpr std::string_view kWeightFolder = "/data/weights/";
constexpr std::uint64_t kMostListed = std::uint64_t{64} << 20;
constexpr int kStridedLayout = 7; ///< its number in torch._export.serde.schema.Layout

/// Where a tensor's values lie, counted in elements.
struct StoredTensor {
    std::string member; ///< the file in the archive that holds them
    DType dtype = DType::F32;
    Shape shape;
    std::vector<std::int64_t> strides;
    std::int64_t offset = 0;
};

/// By torch._export.serde.schema.ScalarType.
std::optional<DType> dtypeOfExport(int number) {
    switch (number) {
    case 1:
        return DType::U8;
    case 2:
        return DType::I8;
    case 4:
        return DType::I32;
    case 5:
        return DType::I64;
    case 6:
        return DType::F16;
    case 7:
        return DType::F32;
    case 8:
        return DType::F64;
    case 12:
        return DType::Bool;
    case 13:
        return DType::BF16;
    default:
        return {};
    }
}

/// A SymInt that is a number.
std::int64_t wholeNumber(const Json& json, const std::string& what) {
    const auto found = json.is_object() ? json.find("as_int") : json.end();
    if (!json.is_object() || found == json.end() || !found->is_number_integer())
        throw Error("{} must be a whole number, not {}", what, dumpExcerpt(json));
    const auto number = found->get<std::int64_t>();
    if (number < 0)
        throw Error("{} must not be negative, but is {}", what, number);
    return number;
}

std::vector<std::int64_t> wholeNumbers(const Json& json, const std::string& what) {
    if (!json.is_array())
        throw Error("{} must be a list, not {}", what, dumpExcerpt(json));
    std::vector<std::int64_t> numbers;
    for (const auto& each : json)
        numbers.push_back(wholeNumber(each, what));
    return numbers;
}

/// How many elements of the storage it reaches over, from the first one of the storage.
std::int64_t reach(const StoredTensor& tensor, const std::string& what) {
    std::int64_t last = tensor.offset;
    for (std::size_t axis = 0; axis < tensor.shape.rank(); ++axis) {
        if (tensor.shape[axis] == 0)
            return tensor.offset;
        std::int64_t far = 0;
        if (__builtin_mul_overflow(tensor.shape[axis] - 1, tensor.strides[axis], &far) ||
            __builtin_add_overflow(last, far, &last))
            throw Error("the strides of {} reach too far", what);
    }
    return last + 1;
}

StoredTensor storedTensor(const std::string& name, const Json& entry, const std::string& folder) {
    const auto what = "the tensor " + name;
    const auto& path = required(entry, "path_name", what);
    if (!path.is_string())
        throw Error("path_name of {} must be a text, not {}", what, dumpExcerpt(path));
    if (const auto pickled = entry.find("use_pickle"); pickled != entry.end() && *pickled == true)
        throw Error("{} is pickled, which is a program and is not read", what);
    const auto& meta = required(entry, "tensor_meta", what);
    const auto& number = required(meta, "dtype", what);
    const auto dtype =
        number.is_number_integer() ? dtypeOfExport(number.get<int>()) : std::optional<DType>();
    if (!dtype)
        throw Error("{} has the element type {} of PyTorch's list, which is not read", what,
                    dumpExcerpt(number));
    if (required(meta, "layout", what) != kStridedLayout)
        throw Error("{} is sparse, which is not read", what);
    StoredTensor tensor{
        folder + path.get<std::string>(),
        *dtype,
        {},
        wholeNumbers(required(meta, "strides", what), "strides of " + what),
        wholeNumber(required(meta, "storage_offset", what), "storage_offset of " + what)};
    const auto sizes = wholeNumbers(required(meta, "sizes", what), "sizes of " + what);
    if (sizes.size() != tensor.strides.size())
        throw Error("{} has {} sizes and {} strides", what, sizes.size(), tensor.strides.size());
    tensor.shape = Shape(sizes);
    std::int64_t elements = 1;
    for (const auto size : sizes)
        if (__builtin_mul_overflow(elements, size, &elements))
            throw Error("{} is too large", what);
    if (elements > reach(tensor, what) - tensor.offset)
        throw Error("{} has values that stand for several of its elements, which is not read",
                    what);
    return tensor;
}

/// Copies elements of that many bytes into row-major order.
void gather(const StoredTensor& tensor, std::span<const std::byte> storage, Tensor& out) {
    const auto size = sizeOf(tensor.dtype);
    std::vector<std::int64_t> place(tensor.shape.rank());
    auto target = out.bytes().begin();
    for (std::int64_t i = 0; i < out.elements(); ++i) {
        auto at = tensor.offset;
        for (std::size_t axis = 0; axis < place.size(); ++axis)
            at += place[axis] * tensor.strides[axis];
        std::memcpy(&*target, storage.data() + static_cast<std::size_t>(at) * size, size);
        target += static_cast<std::ptrdiff_t>(size);
        for (std::size_t axis = place.size(); axis-- > 0;) {
            if (++place[axis] < tensor.shape[axis])
                break;
            place[axis] = 0;
        }
    }
}

bool isRowMajor(const StoredTensor& tensor) {
    std::int64_t expected = 1;
    for (std::size_t axis = tensor.shape.rank(); axis-- > 0;) {
        if (tensor.shape[axis] != 1 && tensor.strides[axis] != expected)
            return false;
        expected *= tensor.shape[axis];
    }
    return true;
}

Tensor readStored(const ZipArchive& archive, const StoredTensor& tensor, const std::string& name) {
    const auto size = sizeOf(tensor.dtype);
    const auto elements = reach(tensor, name);
    const auto region = archive.open(tensor.member, std::numeric_limits<std::uint64_t>::max());
    if (region.size() / size < static_cast<std::uint64_t>(elements))
        throw Error("{} has {} bytes, too few for the tensor {} of {}", region.name(),
                    region.size(), name, toString(tensor.shape));
    Tensor out(tensor.dtype, tensor.shape);
    if (isRowMajor(tensor)) {
        region.read(static_cast<std::uint64_t>(tensor.offset) * size, out.bytes());
        return out;
    }
    std::vector<std::byte> storage(static_cast<std::size_t>(elements) * size);
    region.read(0, storage);
    gather(tensor, storage, out);
    return out;
}

/// The member that lists the weights; the folder of the weights is that before its name.
std::string weightList(const ZipArchive& archive) {
    auto lists = archive.namesEndingIn(kWeightList);
    std::erase_if(lists, [](const std::string& name) {
        return name.find(kWeightFolder) == std::string::npos;
    });
    if (lists.size() == 1)
        return lists.front();
    if (!lists.empty())
        throw Error("it holds {} models ({}); save one of them", lists.size(),
                    fmt::join(lists, ", "));
    if (!archive.namesEndingIn("serialized_state_dict.pt").empty())
        throw Error("it was written by an older PyTorch, which pickled the weights; save it again "
                    "with PyTorch 2.8 or newer, or the weights as safetensors");
    throw Error("it lists no weights, as torch.export.save() does");
}

using StoredTensors = std::map<std::string, StoredTensor, std::less<>>;

StoredTensors storedTensors(const ZipArchive& archive) {
    const auto list = weightList(archive);
    const auto folder = list.substr(0, list.rfind('/') + 1);
    const auto root = list.substr(0, list.find(kWeightFolder));
    if (const auto order = root + "/byteorder"; archive.contains(order)) {
        const auto region = archive.open(order, kMostListed);
        if (const auto text = region.text(0, region.size()); text != "little")
            throw Error("its byte order is {}; only little is read", dumpExcerpt(Json(text)));
    }
    const auto region = archive.open(list, kMostListed);
    const auto json = parseJson(region.text(0, region.size()), list);
    const auto& entries = required(json, "config", list);
    if (!entries.is_object())
        throw Error("config of {} must be an object, not {}", list, dumpExcerpt(entries));
    StoredTensors tensors;
    for (const auto& [name, entry] : entries.items())
        tensors.emplace(name, storedTensor(name, entry, folder));
    return tensors;
}

} // namespace

WeightArchive openExportedProgram(const std::filesystem::path& file) {
    const auto archive = std::make_shared<const ZipArchive>(file);
    const auto tensors = std::make_shared<StoredTensors>();
    try {
        *tensors = storedTensors(*archive);
    } catch (const Error& error) {
        throw Error("{}: {}", file.string(), error.what());
    }
    WeightArchive result{file, {}, {}};
    for (const auto& [name, tensor] : *tensors)
        result.tensors.push_back({name, tensor.shape});
    result.read = [archive, tensors](const std::vector<std::string>& names,
                                     const std::function<void(const std::string&, Tensor)>& take) {
        for (const auto& name : names)
            take(name, readStored(*archive, tensors->at(name), name));
    };
    return result;
}

} // namespace gradwright
