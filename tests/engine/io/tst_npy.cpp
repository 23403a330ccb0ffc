// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/npy.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <cstring>
#include <fstream>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// A file as NumPy 1.26 writes it: numpy.save("x.npy", ...).
std::string numpyFile(const std::string& dictionary, const std::string& numbers, int version = 1) {
    std::string header = dictionary;
    const std::size_t start = version == 1 ? 10 : 12;
    while ((start + header.size() + 1) % 64 != 0)
        header += ' ';
    header += '\n';
    std::string file("\x93NUMPY", 6);
    file += static_cast<char>(version);
    file += '\0';
    file += static_cast<char>(header.size() & 0xFF);
    file += static_cast<char>(header.size() >> 8);
    if (version > 1)
        file.append(2, '\0');
    return file + header + numbers;
}

template <class T>
std::string bytesOf(std::initializer_list<T> values) {
    std::string bytes;
    for (const T value : values)
        bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
    return bytes;
}

} // namespace

class NpyTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatNumPyWritesIsRead() {
        const auto numbers = bytesOf<float>({1, 2, 3, 4, 5, 6.5F});
        for (const int version : {1, 2, 3}) {
            write(numpyFile("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", numbers,
                            version));
            const auto values = readNpy(file());
            QVERIFY(values.shape() == Shape({2, 3}));
            QCOMPARE(values.span<float>()[5], 6.5F);
        }
        write(numpyFile("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }",
                        bytesOf<std::int64_t>({-3, std::int64_t{1} << 40})));
        QCOMPARE(readNpy(file()).span<std::int64_t>()[1], std::int64_t{1} << 40);
        write(numpyFile("{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
                        bytesOf<double>({0.1})));
        QCOMPARE(readNpy(file()).span<double>()[0], 0.1);
        QCOMPARE(readNpy(file()).shape().rank(), std::size_t{0});
        write(numpyFile("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }",
                        bytesOf<char>({0, 1})));
        QVERIFY(readNpy(file()).dtype() == DType::Bool);
    }

    void whatIsWrittenIsReadAgain() {
        const std::vector<Tensor> all = {
            Tensor::of<float>({2, 2}, std::vector<float>{1, -2, 0.5F, 3e8F}),
            Tensor::of<double>({3}, std::vector<double>{1, 2, 1e-300}),
            Tensor::of<std::int64_t>({}, std::vector<std::int64_t>{7}),
            Tensor::of<std::int32_t>({1, 1, 2}, std::vector<std::int32_t>{7, -8}),
            Tensor::of<std::uint8_t>({2}, std::vector<std::uint8_t>{0, 255}),
            Tensor(DType::F32, {0, 3})};
        for (const auto& values : all) {
            writeNpy(file(), values);
            QVERIFY2(readNpy(file()) == values, toString(values.shape()).c_str());
        }
        // As NumPy has it: the numbers begin at a multiple of 64.
        writeNpy(file(), all[1]);
        const auto text = contents();
        QCOMPARE(text.size() % 64, std::size_t{24});
        QVERIFY(text.find("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }") == 10);
        writeNpy(file(), all[0]);
        QVERIFY(contents().find("'shape': (2, 2), }") != std::string::npos);
    }

    void whatIsWrongIsNamed() {
        const auto fault = [&](const std::string& bytes) {
            write(bytes);
            return messageOf([&] { return readNpy(file()).elements(); })
                .mid(static_cast<int>(file().string().size()) + 2);
        };
        const auto numbers = bytesOf<float>({1, 2});
        QCOMPARE(fault("PK\x03\x04 a zip archive"), "it is no NumPy array");
        QCOMPARE(
            fault(numpyFile("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", numbers)),
            "it holds \">f4\"; float32, float64, int8, int32, int64, uint8 and bool are read");
        QVERIFY(
            fault(numpyFile("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }", numbers))
                .contains("column by column"));
        QCOMPARE(
            fault(numpyFile("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", numbers)),
            "it has 8 bytes of numbers for a shape of 3");
        QVERIFY(fault(numpyFile(
                    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999999), }",
                    numbers)) != "no error");
        QCOMPARE(
            fault(numpyFile("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", numbers)),
            "its shape holds \"-1,\"");
        QCOMPARE(
            fault(numpyFile("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
                            numbers)),
            "it holds records and not numbers");
        QCOMPARE(fault(numpyFile("{}", numbers)), "its header lacks \"fortran_order\"");
        auto cut = numpyFile("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", numbers);
        cut[9] = '\x7f';
        QVERIFY(fault(cut).startsWith("its header would have"));
        QVERIFY(messageOf([&] {
                    return readNpy(folder_ / "none.npy").elements();
                }).contains("none.npy"));
    }

private:
    [[nodiscard]] std::filesystem::path file() const { return folder_ / "x.npy"; }
    void write(const std::string& bytes) const { std::ofstream(file(), std::ios::binary) << bytes; }
    [[nodiscard]] std::string contents() const {
        std::ifstream in(file(), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    TemporaryFolder folder_;
};

QTEST_APPLESS_MAIN(NpyTest)
#include "tst_npy.moc"
