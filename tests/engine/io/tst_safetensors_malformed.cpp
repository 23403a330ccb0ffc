// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/safetensors.h"
#include "tests/engine/io/io_test.h"

#include <QTest>

#include <bit>
#include <fstream>

using namespace gradwright;
using namespace gradwright::test;

namespace {

QByteArray prefix(std::uint64_t length) {
    const auto bytes = std::bit_cast<std::array<char, 8>>(length);
    return {bytes.data(), 8};
}

/// A file with this header and a payload of so many zeros.
QByteArray fileWith(const QByteArray& header, int payload) {
    return prefix(static_cast<std::uint64_t>(header.size())) + header + QByteArray(payload, '\0');
}

/// A header with one tensor w whose entry has these contents.
QByteArray entry(const QByteArray& contents) {
    return "{\"w\":{" + contents + "}}";
}

void addRow(const char* name, const QByteArray& file, const char* message) {
    QTest::newRow(name) << file << QString::fromUtf8(message);
}

void addBrokenFiles() {
    addRow("empty", "", "0 bytes are too few to hold the header's length");
    addRow("seven bytes", "1234567", "7 bytes are too few");
    addRow("length only", prefix(2), "is truncated: the header's length is 2 bytes, 0 follow");
    addRow("truncated header", prefix(50) + "{}", "length is 50 bytes, 2 follow");
    addRow("huge length", prefix(100'000'001) + "{}",
           "the header's length is 100000001 bytes, at most 100000000 are allowed");
    addRow("length of all ones", prefix(~0ULL) + "{}", "length is 18446744073709551615 bytes");
    addRow("no header", fileWith("", 0), "the header must start with {, not \"\"");
    addRow("array", fileWith("[]", 0), "the header must start with {, not \"[\"");
    addRow("leading space", fileWith(" {}", 0), "the header must start with {, not \" \"");
    addRow("cut JSON", fileWith("{\"w\":{", 0), "the header is not valid JSON at its byte");
    addRow("text after JSON", fileWith("{} x", 0), "the header is not valid JSON at its byte 4");
    addRow("not UTF-8", fileWith("{\"\xff\":{}}", 0), "the header is not valid JSON at its byte");
    addRow("pickle", "\x80\x04\x95" + QByteArray(40, 'x'), "the header's length is");
}

void addBrokenStructure() {
    addRow("tensor is a number", fileWith("{\"w\":1}", 0),
           "tensor \"w\" must be a JSON object, not 1");
    addRow("tensor is text", fileWith("{\"w\":\"x\"}", 0), "must be a JSON object, not \"x\"");
    addRow("tensor is an array", fileWith("{\"w\":[]}", 0), "must be a JSON object, not an array");
    addRow("tensor is null", fileWith("{\"w\":null}", 0), "must be a JSON object, not null");
    addRow("metadata is text", fileWith("{\"__metadata__\":\"x\"}", 0),
           "__metadata__ must be a JSON object, not \"x\"");
    addRow("metadata holds a number", fileWith("{\"__metadata__\":{\"epoch\":3}}", 0),
           "the metadata value of \"epoch\" must be text, not 3");
    addRow("metadata holds an object", fileWith("{\"__metadata__\":{\"epoch\":{}}}", 0),
           "the metadata value of \"epoch\" must be text, not an object");
    addRow("metadata key twice", fileWith("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0),
           "the metadata key \"a\" appears twice");
    addRow("metadata twice", fileWith("{\"__metadata__\":{},\"__metadata__\":{}}", 0),
           "the name \"__metadata__\" appears twice");
    const QByteArray good = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
    addRow("name twice", fileWith("{\"w\":" + good + ",\"w\":" + good + "}", 1),
           "the name \"w\" appears twice");
    addRow("control characters", fileWith("{\"\\u001b[31m\":1}", 0), "tensor \"\\u001b[31m\"");
}

void addBrokenEntries() {
    const auto row = [](const char* name, const QByteArray& contents, const char* message) {
        addRow(name, fileWith(entry(contents), 4), message);
    };
    row("no dtype", R"("shape":[1],"data_offsets":[0,4])", "tensor \"w\": dtype is missing");
    row("no shape", R"("dtype":"F32","data_offsets":[0,4])", "tensor \"w\": shape is missing");
    row("no offsets", R"("dtype":"F32","shape":[1])", "tensor \"w\": data_offsets is missing");
    row("unknown key", R"("dtype":"F32","stride":[1])", "the key \"stride\" is unknown");
    row("key twice", R"("dtype":"F32","dtype":"F32")", "the key \"dtype\" appears twice");
    row("unknown dtype", R"("dtype":"F31")",
        "tensor \"w\": the dtype \"F31\" is not supported; supported are F64, F32");
    row("dtype we lack", R"("dtype":"C64")", "the dtype \"C64\" is not supported");
    row("dtype is a number", R"("dtype":32)", "dtype must be text, not 32");
    row("dtype is an array", R"("dtype":["F32"])", "dtype must be text, not an array");
    row("shape is a number", R"("shape":4)", "shape must be an array, not 4");
    row("shape is an object", R"("shape":{})", "shape must be an array, not an object");
    row("negative dimension", R"("shape":[-1])", "shape must hold whole numbers from 0 up, not -1");
    row("fractional dimension", R"("shape":[1.5])", "whole numbers from 0 up, not 1.5");
    row("text dimension", R"("shape":["1"])", "whole numbers from 0 up, not \"1\"");
    row("nested shape", R"("shape":[[1]])", "whole numbers from 0 up, not an array");
    row("huge dimension", R"("shape":[18446744073709551615])",
        "the dimension 18446744073709551615 is too large");
    row("dimension beyond 64 bits", R"("shape":[18446744073709551616])",
        "not 18446744073709551616");
    row("product overflows",
        R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0])",
        "a tensor of shape 4294967296×4294967296 cannot be held in memory");
    row("product overflows beside a zero",
        R"("dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0])",
        "cannot be held in memory");
    row("bytes overflow", R"("dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0])",
        "cannot be held in memory");
    row("too many dimensions",
        R"("shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,)"
        R"(1,1,1,1,1,1,1])",
        "more than 32 dimensions");
    row("one offset", R"("data_offsets":[0])", "data_offsets must hold two numbers, not 1");
    row("three offsets", R"("data_offsets":[0,2,4])", "data_offsets must hold two numbers");
    row("negative offset", R"("data_offsets":[-4,0])", "whole numbers from 0 up, not -4");
    row("decreasing offsets", R"("dtype":"F32","shape":[1],"data_offsets":[4,0])",
        "data_offsets must not decrease, as from 4 to 0");
    row("too few bytes", R"("dtype":"F32","shape":[2],"data_offsets":[0,4])",
        "data_offsets from 0 to 4 hold 4 bytes, but 2 elements (2) of F32 need 4 bytes each");
    row("half an element", R"("dtype":"F32","shape":[1],"data_offsets":[0,3])", "hold 3 bytes");
}

void addBrokenLayouts() {
    const auto two = [](int begin, int end, int payload) {
        return fileWith(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                        R"("b":{"dtype":"U8","shape":[)" +
                            QByteArray::number(end - begin) + R"(],"data_offsets":[)" +
                            QByteArray::number(begin) + "," + QByteArray::number(end) + "]}}",
                        payload);
    };
    addRow("hole", two(6, 8, 8),
           "tensor \"b\": starts at byte 6 of the payload and leaves a hole after byte 4");
    addRow("overlap", two(2, 8, 8),
           "tensor \"b\": starts at byte 2 of the payload and overlaps the tensor before, which "
           "ends at 4");
    addRow("same bytes twice", two(0, 4, 4), "overlaps");
    addRow("truncated payload", two(4, 8, 7),
           "is truncated: the tensors need 8 bytes, 7 are there");
    addRow("trailing bytes", two(4, 8, 9),
           "1 bytes follow the last tensor, which ends at byte 8 of the payload");
    addRow("payload without tensors", fileWith("{}", 3), "3 bytes follow the last tensor");
    addRow("huge tensor in a small file",
           fileWith(entry(R"("dtype":"U8","shape":[1099511627776],)"
                          R"("data_offsets":[0,1099511627776])"),
                    4),
           "is truncated: the tensors need 1099511627776 bytes, 4 are there");
    addRow("wrong payload checksum",
           fileWith(R"({"__metadata__":{"payload_crc32":"deadbeef"},)"
                    R"("w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
                    4),
           "is damaged: the checksum of the tensors should be \"deadbeef\", but is \"2144df1c\"");
    addRow("wrong header checksum", fileWith(R"({"__metadata__":{"header_crc32":"deadbeef"}})", 0),
           "is damaged: the checksum of the header should be \"deadbeef\"");
}

/// Tensors out of order, spaces in the JSON, an empty tensor between, unaligned.
QByteArray unusualFile() {
    return fileWith(R"({ "z": {"shape": [2], "data_offsets": [1, 9], "dtype": "F32"},)"
                    R"("n": {"dtype": "F64", "shape": [0], "data_offsets": [1, 1]},)"
                    R"("b": {"dtype": "I8", "shape": [], "data_offsets": [0, 1]},)"
                    R"("__metadata__": {"header_crc32" : "deadbeef"} })",
                    9);
}

QByteArray fileOfEmptyTensors(int count) {
    QByteArray header = "{";
    for (int i = 0; i < count; ++i) {
        header += i > 0 ? ",\"" : "\"";
        header += QByteArray::number(i) + "\":";
        header += R"({"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
    }
    return fileWith(header + "}", 0);
}

} // namespace

class SafetensorsMalformedTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isRefused_data() {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QString>("message");
        addBrokenFiles();
        addBrokenStructure();
        addBrokenEntries();
        addBrokenLayouts();
    }
    void isRefused() {
        QFETCH(QByteArray, file);
        QFETCH(QString, message);
        const Folder folder;
        std::ofstream(folder / "x.safetensors", std::ios::binary).write(file.data(), file.size());
        const auto received = errorOf([&] { readSafetensors(folder / "x.safetensors"); });
        QVERIFY2(received.starts_with((folder / "x.safetensors: ").string()), received.c_str());
        QVERIFY2(received.find(message.toStdString()) != std::string::npos, received.c_str());
    }

    void unusualButValid() {
        const Folder folder;
        const auto read = [&](const QByteArray& file) {
            std::ofstream(folder / "x", std::ios::binary | std::ios::trunc)
                .write(file.data(), file.size());
            return readSafetensors(folder / "x");
        };
        QVERIFY(read(fileWith("{}", 0)).tensors.empty());
        QVERIFY(read(fileWith("{}  \n\t ", 0)).tensors.empty());
        const auto file = read(unusualFile());
        QCOMPARE(file.tensors.size(), 3U);
        QCOMPARE(file.tensors[0].first, "b");
        QCOMPARE(file.tensors[1].first, "n");
        QCOMPARE(file.tensors[2].first, "z");
        QVERIFY(file.metadata.empty());
    }

    void limitsHold() {
        const Folder folder;
        SafetensorsFile file;
        for (int i = 0; i < 5; ++i)
            file.tensors.emplace_back(std::to_string(i), Tensor(DType::F32, {2, 2}));
        writeSafetensors(folder / "x", file);
        VERIFY_ERROR("more than 4 tensors", readSafetensors(folder / "x", {.tensors = 4}));
        VERIFY_ERROR("at most 64 are allowed", readSafetensors(folder / "x", {.headerBytes = 64}));
        VERIFY_ERROR("at most 100 are read", readSafetensors(folder / "x", {.fileBytes = 100}));
        VERIFY_ERROR("more than 1 dimensions", readSafetensors(folder / "x", {.rank = 1}));
        VERIFY_ERROR("No such file or directory", readSafetensors(folder / "none"));
        VERIFY_ERROR("is a folder", readSafetensors(folder.path()));
    }

    /// 200,000 tensors in one header: the time must not grow with the square of the count.
    void manyTensors() {
        const Folder folder;
        const auto file = fileOfEmptyTensors(200'000);
        std::ofstream(folder / "x", std::ios::binary).write(file.data(), file.size());
        QCOMPARE(readSafetensors(folder / "x").tensors.size(), 200'000U);
    }
};

QTEST_APPLESS_MAIN(SafetensorsMalformedTest)
#include "tst_safetensors_malformed.moc"
