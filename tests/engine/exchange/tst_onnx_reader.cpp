// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_import.h"
#include "engine/exchange/onnx_model.h"
#include "engine/exchange/onnx_writer.h"
#include "engine/graph/lower.h"
#include "engine/support/error.h"
#include "tests/engine/exchange/imported_model.h"
#include "tests/engine/exchange/onnx_cases.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"
#include "tests/support/network_builder.h"

#include <QTemporaryDir>
#include <QTest>

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <bit>
#include <fstream>
#include <random>
#include <tuple>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// x · W with the matrix as the last initializer.
ModelBuilder productModel() {
    ModelBuilder builder(17);
    const auto x = builder.input("x", {3});
    builder.output(builder.node("MatMul", {x, builder.floats({3, 2}, {1, 2, 3, 4, 5, 6})}, "p"));
    return builder;
}

onnx_format::TensorProto& matrixOf(ModelBuilder& builder) {
    return *builder.proto().mutable_graph()->mutable_initializer(0);
}

std::vector<float> valuesOf(const OnnxModel& model, const std::string& name) {
    const auto& tensor = *model.initializers.at(name).values;
    const auto span = tensor.span<float>();
    return {span.begin(), span.end()};
}

std::vector<double> numbersOf(const OnnxModel& model, const std::string& name) {
    const auto values = model.initializers.at(name).values->to(DType::F64);
    const auto span = values.span<double>();
    return {span.begin(), span.end()};
}

void writeBytes(const std::filesystem::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
}

long peakKilobytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/// A message as the field of another one, behind its tag.
std::string framed(char tag, const std::string& bytes) {
    std::string field{tag};
    auto left = bytes.size();
    for (; left >= 0x80; left >>= 7)
        field += static_cast<char>((left & 0x7fU) | 0x80U);
    return field + static_cast<char>(left) + bytes;
}

/// A few bytes changed, left out, repeated or put in.
std::string mutated(std::string bytes, std::mt19937& random) {
    const auto below = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, std::max<std::size_t>(limit, 1) -
                                                                 1)(random);
    };
    const auto times = 1 + below(4);
    for (std::size_t i = 0; i < times && !bytes.empty(); ++i) {
        const auto at = below(bytes.size());
        switch (below(6)) {
        case 0:
            bytes[at] = static_cast<char>(below(256));
            break;
        case 1:
            bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1U << below(8)));
            break;
        case 2:
            bytes.erase(at, 1 + below(16));
            break;
        case 3:
            bytes.resize(at);
            break;
        case 4:
            bytes.insert(at, bytes.substr(below(bytes.size()), below(64)));
            break;
        default: // a number as large as can be
            bytes.insert(at, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
        }
    }
    return bytes;
}

} // namespace

class OnnxReaderTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatAFileSaysIsRead() {
        auto builder = productModel();
        auto& proto = builder.proto();
        proto.set_producer_name("someone");
        auto& entry = *proto.add_metadata_props();
        entry.set_key("classes");
        entry.set_value("[]");
        auto& further = *proto.add_opset_import();
        further.set_domain("com.example");
        further.set_version(1);
        const auto model = builder.read();
        QCOMPARE(model.opset, std::int64_t{17});
        QCOMPARE(model.producer, std::string("someone"));
        QCOMPARE(model.metadataAt("classes"), std::string("[]"));
        QCOMPARE(model.domains.size(), std::size_t{1});
        QCOMPARE(model.inputs.size(), std::size_t{1});
        QCOMPARE(model.inputs[0].type, std::string("float32"));
        QCOMPARE(model.inputs[0].axes[0].name, std::string("N"));
        QVERIFY(model.inputs[0].axes[0].length < 0);
        QCOMPARE(model.inputs[0].axes[1].length, std::int64_t{3});
        QCOMPARE(model.weightBytes, std::int64_t{24});
        QCOMPARE(valuesOf(model, matrixOf(builder).name()), (std::vector<float>{1, 2, 3, 4, 5, 6}));
    }

    /// Raw data of large tensors go from the file straight to where they are kept, those of types
    /// that are widened as well; the rest of the message is read by the library.
    void largeTensorsAreReadByThemselves() {
        constexpr std::int64_t kCount = 3000;
        const auto modelOf = [&](const std::vector<std::string>& raws, int type) {
            onnx_format::ModelProto proto;
            proto.add_opset_import()->set_version(17);
            auto& graph = *proto.mutable_graph();
            graph.set_name("between");
            for (std::size_t i = 0; i < raws.size(); ++i) {
                auto& tensor = *graph.add_initializer();
                tensor.set_name(fmt::format("t{}", i));
                tensor.set_data_type(type);
                tensor.add_dims(static_cast<std::int64_t>(raws[i].size()) / (type == 1 ? 4 : 2));
                tensor.set_raw_data(raws[i]);
            }
            return proto;
        };
        const auto floats = [](std::int64_t count, float first) {
            std::string raw;
            for (std::int64_t i = 0; i < count; ++i) {
                const auto value = std::bit_cast<std::array<char, 4>>(first + 0.5F * float(i));
                raw.append(value.data(), value.size());
            }
            return raw;
        };
        const auto proto =
            modelOf({floats(kCount, 1), floats(3, 7), floats(kCount, -9), floats(2, 0)}, 1);
        const auto bytes = proto.SerializeAsString();
        const auto check = [&](const OnnxModel& model) {
            QCOMPARE(model.name, std::string("between"));
            QCOMPARE(model.initializers.size(), std::size_t{4});
            for (const auto& [name, count, first] :
                 {std::tuple("t0", kCount, 1.F), std::tuple("t1", std::int64_t{3}, 7.F),
                  std::tuple("t2", kCount, -9.F), std::tuple("t3", std::int64_t{2}, 0.F)}) {
                const auto values = valuesOf(model, name);
                QCOMPARE(static_cast<std::int64_t>(values.size()), count);
                for (std::int64_t i = 0; i < count; ++i)
                    QCOMPARE(values[static_cast<std::size_t>(i)], first + 0.5F * float(i));
            }
        };
        check(readOnnx(bytes));
        const QTemporaryDir folder;
        const auto file = std::filesystem::path(folder.path().toStdString()) / "m.onnx";
        writeBytes(file, bytes);
        check(readOnnxFile(file));
        // A field of a kind that is seldom written is left to the library, which passes over it.
        check(readOnnx(bytes + "\xa3\x06\xa4\x06"));
        // Of two fields of a message the last one counts, and a shape has to be filled.
        auto twice = proto;
        auto& graph = *twice.mutable_graph();
        graph.mutable_initializer(0)->clear_raw_data();
        auto tensor = graph.initializer(0).SerializeAsString();
        onnx_format::TensorProto part;
        for (const float first : {5.F, 1.F}) {
            part.set_raw_data(floats(kCount, first));
            tensor += part.SerializeAsString();
        }
        std::string again;
        for (int i = 0; i < graph.initializer_size(); ++i) {
            const auto each = i == 0 ? tensor : graph.initializer(i).SerializeAsString();
            again += framed('\x2a', each);
        }
        graph.clear_initializer();
        check(readOnnx(twice.SerializeAsString() + framed('\x3a', again)));
        auto cut = proto;
        cut.mutable_graph()->mutable_initializer(2)->set_dims(0, kCount + 1);
        QCOMPARE(messageOf([&] { return readOnnx(cut.SerializeAsString()); }),
                 QString("the tensor \"t2\" has 12000 bytes of data for a shape of 12004"));
        QVERIFY(messageOf([&] {
                    return readOnnx(bytes.substr(0, 9000));
                }).contains("no ONNX model, or it is damaged"));
        // 1 in FP16.
        std::string halves;
        for (std::int64_t i = 0; i < kCount; ++i)
            halves += std::string("\x00\x3c", 2);
        const auto wide = readOnnx(modelOf({halves}, 10).SerializeAsString());
        QCOMPARE(valuesOf(wide, "t0"), std::vector<float>(kCount, 1.F));
    }

    /// Each type in the fields that the format keeps it in, and as raw bytes.
    void tensorsOfAllTypesAreRead() {
        ModelBuilder builder(17);
        auto& graph = *builder.proto().mutable_graph();
        const auto add = [&](const char* name, int type) -> onnx_format::TensorProto& {
            auto& tensor = *graph.add_initializer();
            tensor.set_name(name);
            tensor.set_data_type(type);
            tensor.add_dims(2);
            return tensor;
        };
        auto& floats = add("floats", 1);
        floats.add_float_data(1.5F);
        floats.add_float_data(-2);
        auto& doubles = add("doubles", 11);
        doubles.add_double_data(0.1);
        doubles.add_double_data(2);
        auto& longs = add("longs", 7);
        longs.add_int64_data(std::int64_t{1} << 40);
        longs.add_int64_data(-1);
        for (const auto& [name, type] :
             std::initializer_list<std::pair<const char*, int>>{{"int32", 6},
                                                                {"int16", 5},
                                                                {"uint16", 4},
                                                                {"int8", 3},
                                                                {"uint8", 2},
                                                                {"bool", 9}}) {
            auto& tensor = add(name, type);
            tensor.add_int32_data(7);
            tensor.add_int32_data(type == 2 || type == 4 || type == 9 ? 1 : -3);
        }
        auto& unsignedLongs = add("uint64", 13);
        unsignedLongs.add_uint64_data(5);
        unsignedLongs.add_uint64_data(6);
        auto& halves = add("half", 10);
        halves.add_int32_data(0x3C00); // 1
        halves.add_int32_data(0xC180); // -2.75
        auto& rawHalves = add("raw half", 10);
        const std::uint16_t bits[] = {0x0001, 0x7BFF}; // 2^-24, 65504
        rawHalves.set_raw_data(bits, sizeof(bits));
        auto& brain = add("bfloat16", 16);
        const std::uint16_t brainBits[] = {0x3FC0, 0xC000}; // 1.5, -2
        brain.set_raw_data(brainBits, sizeof(brainBits));
        auto& words = add("uint32", 12);
        const std::uint32_t wordBits[] = {4000000000U, 1};
        words.set_raw_data(wordBits, sizeof(wordBits));
        auto& texts = add("texts", 8);
        texts.set_data_type(8);
        const auto model = builder.read();
        const auto is = [&](const char* name, std::vector<double> expected) {
            return numbersOf(model, name) == expected;
        };
        QVERIFY(is("floats", {1.5, -2}));
        QVERIFY(is("doubles", {0.1, 2}));
        QVERIFY(is("longs", {1099511627776, -1}));
        QVERIFY(is("int32", {7, -3}));
        QVERIFY(is("int16", {7, -3}));
        QVERIFY(is("uint16", {7, 1}));
        QVERIFY(is("int8", {7, -3}));
        QVERIFY(is("uint8", {7, 1}));
        QVERIFY(is("bool", {1, 1}));
        QVERIFY(is("uint64", {5, 6}));
        QVERIFY(is("half", {1, -2.75}));
        QVERIFY(is("raw half", {0x1p-24, 65504}));
        QVERIFY(is("bfloat16", {1.5, -2}));
        QVERIFY(is("uint32", {4000000000.0, 1}));
        QVERIFY(!model.initializers.at("texts").values);
        QCOMPARE(model.initializers.at("texts").problem,
                 std::string("the tensor \"texts\" holds string, which is not read"));
    }

    void initializersMayBeInputs() {
        auto builder = productModel();
        auto& info = *builder.proto().mutable_graph()->add_input();
        info.set_name(matrixOf(builder).name());
        const auto model = builder.read();
        QCOMPARE(model.inputs.size(), std::size_t{1});
        QVERIFY(importOnnx(model).problems.empty());
    }

    void externalDataLieBesideTheModel() {
        const TemporaryFolder folder;
        const auto path = std::filesystem::path(folder.path());
        auto builder = productModel();
        auto& matrix = matrixOf(builder);
        const auto bytes = "skipped." + matrix.raw_data();
        matrix.clear_raw_data();
        matrix.set_data_location(1);
        const auto place = [&](const char* key, const std::string& value) {
            auto& entry = *matrix.add_external_data();
            entry.set_key(key);
            entry.set_value(value);
        };
        place("location", "weights.bin");
        place("offset", "8");
        place("length", "24");
        const auto file = path / "model.onnx";
        writeBytes(file, builder.bytes());
        QCOMPARE(messageOf([&] { return readOnnxFile(file).opset; }),
                 QString("%1: the tensor \"%2\": its data lie in weights.bin, which is missing "
                         "beside the model")
                     .arg(file.c_str(), matrix.name().c_str()));
        writeBytes(path / "weights.bin", bytes);
        QCOMPARE(valuesOf(readOnnxFile(file), matrix.name()),
                 (std::vector<float>{1, 2, 3, 4, 5, 6}));
        QVERIFY(messageOf([&] {
                    return readOnnx(builder.bytes()).opset;
                }).contains("read beside a file alone"));
        writeBytes(path / "weights.bin", bytes.substr(0, 20));
        QVERIFY(
            messageOf([&] { return readOnnxFile(file).opset; }).contains("ends before its data"));
        // No way out of the folder.
        for (const auto* location : {"../weights.bin", "/etc/passwd", "a/b", "..", ""}) {
            matrix.mutable_external_data(0)->set_value(location);
            writeBytes(file, builder.bytes());
            QVERIFY2(messageOf([&] {
                         return readOnnxFile(file).opset;
                     }).contains("from the model's own folder alone"),
                     location);
        }
        matrix.mutable_external_data(0)->set_value("link.bin");
        std::filesystem::create_symlink("/etc/hostname", path / "link.bin");
        writeBytes(file, builder.bytes());
        QVERIFY(messageOf([&] { return readOnnxFile(file).opset; }).contains("symbolic link"));
    }

    void whatIsWrongIsNamed() {
        const auto fault = [](const std::function<void(ModelBuilder&)>& change) {
            auto builder = productModel();
            change(builder);
            return messageOf([&] { return builder.read().opset; });
        };
        QCOMPARE(fault([](auto& b) { b.proto().mutable_opset_import(0)->set_version(6); }),
                 "it needs operator set 6 of ONNX; those from 7 to 28 are read");
        QCOMPARE(fault([](auto& b) { b.proto().mutable_opset_import(0)->set_version(29); }),
                 "it needs operator set 29 of ONNX; those from 7 to 28 are read");
        QCOMPARE(
            fault([](auto& b) { b.proto().mutable_opset_import(0)->set_domain("ai.onnx.ml"); }),
            "it uses no operators of ONNX's own, but ai.onnx.ml");
        QCOMPARE(fault([](auto& b) { matrixOf(b).set_dims(0, 4); }),
                 "the tensor \"constant1\" has 24 bytes of data for a shape of 32");
        QCOMPARE(fault([](auto& b) { matrixOf(b).set_dims(0, -3); }),
                 "the tensor \"constant1\" has an axis of length -3");
        QVERIFY(fault([](auto& b) { matrixOf(b).set_dims(0, std::int64_t{1} << 62); }) !=
                "no error");
        QCOMPARE(
            fault([](auto& b) { *b.proto().mutable_graph()->add_initializer() = matrixOf(b); }),
            "there are two tensors called \"constant1\"");
        QCOMPARE(fault([](auto& b) {
                     b.proto().mutable_graph()->mutable_node(0)->set_input(0, "nowhere");
                 }),
                 "p (MatMul) reads \"nowhere\", which nothing makes before it");
        QCOMPARE(
            fault([](auto& b) { b.proto().mutable_graph()->mutable_node(0)->set_output(0, "x"); }),
            "p (MatMul) makes \"x\", which is there already");
        QCOMPARE(
            fault([](auto& b) { b.proto().mutable_graph()->mutable_output(0)->set_name("other"); }),
            "nothing makes the output \"other\"");
        QCOMPARE(messageOf([] { return readOnnx("").opset; }), "it is no ONNX model");
        QCOMPARE(messageOf([] { return readOnnx("\x89PNG\r\n").opset; }),
                 "it is no ONNX model, or it is damaged");
        const auto whole = productModel().bytes();
        QCOMPARE(messageOf([&] { return readOnnx(whole.substr(0, whole.size() - 3)).opset; }),
                 "it is no ONNX model, or it is damaged");
    }

    /// A file that computes constants cannot take more memory than it is given.
    void computedConstantsAreBounded() {
        ModelBuilder builder(17);
        const auto x = builder.input("x", {3});
        const auto much = builder.node("ConstantOfShape", {builder.integers({3, 1 << 28})}, "much");
        builder.output(builder.node("MatMul", {x, much}));
        const auto before = peakKilobytes();
        const auto made = importOnnx(builder.read());
        QVERIFY(problemLines(made.problems)
                    .find("much (ConstantOfShape): the constants that are computed would take too "
                          "much memory") != std::string::npos);
        QVERIFY(peakKilobytes() - before < 100'000);
    }

    /// Whatever a file holds, it is an error or a network, in little memory.
    void damagedFilesAreErrors() {
        std::vector<std::string> models;
        for (const auto& each : onnxLayerCases())
            models.push_back(onnxFile(each.graph, each.weights, {.opset = 17, .name = "case"}));
        QVERIFY(models.size() > 50);
        std::mt19937 random(20);
        const auto before = peakKilobytes();
        int opened = 0;
        int refused = 0;
        int failed = 0;
        for (int i = 0; i < 20'000; ++i) {
            const auto bytes = mutated(models[static_cast<std::size_t>(i) % models.size()], random);
            try {
                const auto made =
                    importOnnx(readOnnx(bytes), {.lengths = {}, .constantElements = 1 << 20});
                ++(made.problems.empty() ? opened : refused);
            } catch (const Error&) {
                ++failed;
            } catch (const std::exception& error) {
                QFAIL(qPrintable(QString("mutation %1: %2").arg(i).arg(error.what())));
            }
        }
        // All three happen, or nothing would be tested.
        QVERIFY2(
            opened > 100 && refused > 100 && failed > 100,
            qPrintable(
                QString("%1 opened, %2 refused, %3 failed").arg(opened).arg(refused).arg(failed)));
        QVERIFY2(peakKilobytes() - before < 400'000,
                 qPrintable(QString("%1 kB more").arg(peakKilobytes() - before)));
    }
};

QTEST_APPLESS_MAIN(OnnxReaderTest)
#include "tst_onnx_reader.moc"
