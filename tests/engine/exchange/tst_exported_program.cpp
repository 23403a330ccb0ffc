// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/weights/weight_archive.h"
#include "engine/io/atomic_file.h"
#include "engine/io/zip_archive.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <zlib.h>

#include <functional>
#include <map>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

constexpr const char* kList = "whole/data/weights/model_weights_config.json";

/// Made by exported_program.py, with PyTorch 2.15.
fs::path exported() {
    return fs::path(GRADWRIGHT_SOURCE_DIR) / "tests/engine/exchange/data/exported.pt2";
}

void put(std::string& to, std::uint64_t number, int bytes) {
    for (int i = 0; i < bytes; ++i)
        to += static_cast<char>(number >> (8 * i));
}

/// A ZIP archive whose members are stored as they are.
std::string zipOf(const std::map<std::string, std::string>& members) {
    std::string file;
    std::string list;
    for (const auto& [name, text] : members) {
        std::string about; // the part that both headers share
        put(about, 20, 2); // version
        put(about, 0, 2);  // flags
        put(about, 0, 2);  // method
        put(about, 0, 4);  // time and date
        put(about, crc32(0, reinterpret_cast<const Bytef*>(text.data()), uInt(text.size())), 4);
        put(about, text.size(), 4);
        put(about, text.size(), 4);
        put(about, name.size(), 2);
        put(about, 0, 2); // extra
        list += "PK\x01\x02";
        put(list, 20, 2);
        list += about;
        put(list, 0, 8); // comment, disk, attributes within
        put(list, 0, 2); // attributes outside, in two parts
        put(list, file.size(), 4);
        list += name;
        file += "PK\x03\x04";
        file += about + name + text;
    }
    const auto at = file.size();
    file += list + "PK\x05\x06";
    put(file, 0, 4);
    put(file, members.size(), 2);
    put(file, members.size(), 2);
    put(file, list.size(), 4);
    put(file, at, 4);
    put(file, 0, 2);
    return file;
}

/// The members of the exported file that the reader looks at.
std::map<std::string, std::string> membersOf(const fs::path& file) {
    const ZipArchive archive(file);
    std::map<std::string, std::string> members;
    for (const auto& name : archive.namesEndingIn("")) {
        const auto region = archive.open(name, 1U << 20U);
        members[name] = region.text(0, region.size());
    }
    return members;
}

std::map<std::string, Tensor> readAll(const WeightArchive& archive) {
    std::vector<std::string> names;
    for (const auto& tensor : archive.tensors)
        names.push_back(tensor.name);
    std::map<std::string, Tensor> tensors;
    archive.read(names, [&](const std::string& name, Tensor tensor) {
        tensors.emplace(name, std::move(tensor));
    });
    return tensors;
}

Tensor counted(Shape shape) {
    Tensor tensor(DType::F32, std::move(shape));
    float next = 1;
    for (auto& value : tensor.span<float>())
        value = next++;
    return tensor;
}

} // namespace

/// Weights of programs that PyTorch has exported (.pt2).
class TestExportedProgram : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void weightsAreReadWithTheirStrides() {
        QVERIFY(isWeightFile(exported()));
        auto archive = openWeightArchive(exported());
        QCOMPARE(archive.tensors.size(), std::size_t{11});
        std::erase_if(archive.tensors, [](const ForeignTensor& tensor) {
            return tensor.name == "norm.num_batches_tracked"; // a whole number
        });
        const auto tensors = readAll(archive);
        QVERIFY(tensors.at("conv.weight") == counted({2, 3, 3, 3}));
        QVERIFY(tensors.at("scores.weight") == counted({4, 2}));
        QVERIFY(tensors.at("scores.bias") == counted({4}));
        QVERIFY(tensors.at("short") == counted({4}));
        QVERIFY(tensors.at("long") == counted({4}));
        QVERIFY(tensors.at("norm.running_var") ==
                Tensor::of<float>({2}, std::array<float, 2>{1, 1}));
        // Rows 1 to 3 of a 5×4 matrix that counts up, transposed.
        QVERIFY(tensors.at("turned") ==
                Tensor::of<float>(
                    {4, 3}, std::array<float, 12>{5, 9, 13, 6, 10, 14, 7, 11, 15, 8, 12, 16}));
    }

    void aWholeNumberIsNoWeight() {
        const auto archive = openWeightArchive(exported());
        const auto error = errorOf([&] {
            archive.read({"norm.num_batches_tracked"}, [](const std::string&, const Tensor&) {});
        });
        QVERIFY2(contains(error, "the tensor norm.num_batches_tracked holds I64"), error.c_str());
    }

    void whatCannotBeReadIsNamed_data() {
        QTest::addColumn<QByteArray>("path");
        QTest::addColumn<QByteArray>("value");
        QTest::addColumn<QByteArray>("expected");
        const auto add = [](const char* name, const char* path, const char* value,
                            const char* expected) {
            QTest::newRow(name) << QByteArray(path) << QByteArray(value) << QByteArray(expected);
        };
        add("pickled", "/use_pickle", "true", "conv.weight is pickled");
        add("sparse", "/tensor_meta/layout", "1", "conv.weight is sparse");
        add("complex", "/tensor_meta/dtype", "10", "the element type 10 of PyTorch's list");
        add("unknown type", "/tensor_meta/dtype", "\"float\"", "the element type \"float\"");
        add("symbolic", "/tensor_meta/sizes/0", R"({"as_expr":{"expr_str":"s0"}})",
            "sizes of the tensor conv.weight must be a whole number");
        add("negative", "/tensor_meta/strides/0", R"({"as_int":-27})",
            "must not be negative, but is -27");
        add("fewer strides", "/tensor_meta/strides", "[]", "has 4 sizes and 0 strides");
        add("no sizes", "/tensor_meta/sizes", "7",
            "sizes of the tensor conv.weight must be a list");
        add("shared values", "/tensor_meta/strides/0", R"({"as_int":0})",
            "values that stand for several of its elements");
        add("overlapping", "/tensor_meta/strides/0", R"({"as_int":1})",
            "values that stand for several of its elements");
        add("huge strides", "/tensor_meta/strides/0", R"({"as_int":9223372036854775807})",
            "the strides of the tensor conv.weight reach too far");
        add("huge sizes", "/tensor_meta/sizes/0", R"({"as_int":9223372036854775807})",
            "is too large");
        add("beyond its bytes", "/tensor_meta/storage_offset", R"({"as_int":1})",
            "has 216 bytes, too few for the tensor conv.weight of 2×3×3×3");
        add("no member", "/path_name", "\"weight_99\"", "lacks whole/data/weights/weight_99");
        add("another folder", "/path_name", "\"../../archive_version\"", "lacks whole/");
        add("no path", "/path_name", "7", "path_name of the tensor conv.weight must be a text");
    }
    void whatCannotBeReadIsNamed() {
        QFETCH(const QByteArray, path);
        QFETCH(const QByteArray, value);
        QFETCH(const QByteArray, expected);
        const TemporaryFolder folder;
        auto members = membersOf(exported());
        auto list = parseJson(members.at(kList), "the list");
        list["config"]["conv.weight"][Json::json_pointer(path.toStdString())] =
            parseJson(value.toStdString(), "the value");
        members[kList] = list.dump();
        const auto file = folder / "net.pt2";
        writeFileAtomically(file, std::string_view(zipOf(members)));
        const auto error = errorOf([&] {
            openWeightArchive(file).read({"conv.weight"}, [](const std::string&, const Tensor&) {});
        });
        QVERIFY2(contains(error, expected.toStdString()), error.c_str());
        QVERIFY2(contains(error, file.string()), error.c_str());
    }

    void otherArchivesAreExplained() {
        const TemporaryFolder folder;
        const auto file = folder / "net.pt2";
        const auto errorWith = [&](const std::map<std::string, std::string>& members) {
            writeFileAtomically(file, std::string_view(zipOf(members)));
            return errorOf([&] { openWeightArchive(file); });
        };
        auto members = membersOf(exported());
        QCOMPARE(errorWith(members), std::string()); // what this test writes is read
        auto changed = members;
        changed["whole/byteorder"] = "big";
        QVERIFY(contains(errorWith(changed), "its byte order is \"big\"; only little is read"));
        changed = members;
        changed["whole/data/weights/other_weights_config.json"] = R"({"config":{}})";
        QVERIFY(contains(errorWith(changed), "it holds 2 models"));
        changed = members;
        changed[kList] = R"({"config":{}})";
        QVERIFY(contains(errorWith(changed), "holds no tensors"));
        QVERIFY(contains(errorWith({{"serialized_state_dict.pt", "PK"}}), "an older PyTorch"));
        QVERIFY(contains(errorWith({{"any", "text"}}), "it lists no weights"));
        writeFileAtomically(file, std::string_view("PK"));
        QVERIFY(contains(errorOf([&] { openWeightArchive(file); }), "is no ZIP archive"));
    }
};

QTEST_GUILESS_MAIN(TestExportedProgram)
#include "tst_exported_program.moc"
