// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/product.h"
#include "engine/backend/cuda/kernels/tensor.h"
#include "tests/engine/backend/cuda/conv_cases.h"
#include "tests/engine/backend/cuda/kernel_checks.h"

#include <QTest>

#include <array>

using namespace gradwright::cuda;
using namespace gradwright::cuda::standin;

namespace {

constexpr unsigned kTile = 64; ///< rows and columns of a block

unsigned tiles(std::size_t count) {
    return static_cast<unsigned>((count + kTile - 1) / kTile);
}

struct ProductCase {
    const char* name;
    unsigned rows, columns, depth;
    bool isATransposed = false, isBTransposed = false, isCTransposed = false;
    unsigned gap = 0; ///< elements between the lines of all three
    bool hasBias = false;
    unsigned parts = 1;
    unsigned stackA = 1, stackB = 1; ///< matrices, of two axes; 1 repeats along that one
    unsigned blocksAlongStack = 0;   ///< 0: as many as there are
};

const std::vector<ProductCase>& productCases() {
    static const std::vector<ProductCase> cases = {
        {"one element", 1, 1, 1},
        {"a dot product", 1, 1, 333},
        {"an outer product", 70, 67, 1},
        {"odd sizes", 65, 131, 37},
        {"full tiles", 128, 64, 48},
        {.name = "A transposed", .rows = 66, .columns = 33, .depth = 45, .isATransposed = true},
        {.name = "B transposed", .rows = 66, .columns = 33, .depth = 45, .isBTransposed = true},
        {.name = "both transposed",
         .rows = 66,
         .columns = 33,
         .depth = 45,
         .isATransposed = true,
         .isBTransposed = true},
        {.name = "C transposed", .rows = 66, .columns = 33, .depth = 45, .isCTransposed = true},
        {.name = "bias", .rows = 5, .columns = 70, .depth = 20, .hasBias = true},
        {.name = "gaps", .rows = 70, .columns = 9, .depth = 17, .gap = 3, .hasBias = true},
        {.name = "parts", .rows = 40, .columns = 30, .depth = 100, .parts = 3},
        {.name = "more parts than depth", .rows = 4, .columns = 3, .depth = 5, .parts = 7},
        {.name = "a stack", .rows = 9, .columns = 8, .depth = 7, .stackA = 3, .stackB = 4},
        {.name = "a stack by fewer blocks",
         .rows = 9,
         .columns = 8,
         .depth = 21,
         .hasBias = true,
         .stackA = 3,
         .stackB = 4,
         .blocksAlongStack = 5},
        {.name = "a stack in parts",
         .rows = 9,
         .columns = 8,
         .depth = 21,
         .parts = 2,
         .stackA = 2,
         .stackB = 3},
    };
    return cases;
}

/// What products round their operands to, by its arithmetic: the digits behind the point of numbers
/// from the least exponent on.
struct Format {
    const char* name;
    int digits, leastExponent;
    bool isTieAway = false;
};
constexpr std::array kFormats{Format{"fp32", 23, -126}, Format{"bf16", 7, -126},
                              Format{"fp16", 10, -14}, Format{"tf32", 10, -126, true}};

float rounded(float value, const Format& format) {
    if (value == 0)
        return value;
    const int exponent = std::max(std::ilogb(value), format.leastExponent) - format.digits;
    const float steps = std::ldexp(value, -exponent);
    return std::ldexp(format.isTieAway ? std::round(steps) : std::nearbyint(steps), exponent);
}
std::vector<double> rounded(const std::vector<float>& values, const Format& format) {
    std::vector<double> all;
    for (const float value : values)
        all.push_back(static_cast<double>(rounded(value, format)));
    return all;
}

constexpr std::array kMultiply{kernel::multiply, kernel::multiplyBf16, kernel::multiplyF16,
                               kernel::multiplyTf32};
constexpr std::array kConvolve{kernel::convolve, kernel::convolveBf16, kernel::convolveF16,
                               kernel::convolveTf32};
constexpr std::array kConvolveBack{kernel::convolveBack, kernel::convolveBackBf16,
                                   kernel::convolveBackF16, kernel::convolveBackTf32};
constexpr std::array kKernelGradient{kernel::kernelGradient, kernel::kernelGradientBf16,
                                     kernel::kernelGradientF16, kernel::kernelGradientTf32};

/// Adds the bias of the channel to all its sums.
void addBias(std::vector<BoundedSum>& sums, const std::vector<float>& bias, std::size_t positions) {
    for (std::size_t i = 0; i < sums.size(); ++i)
        sums[i].add(static_cast<double>(bias[i / positions % bias.size()]));
}

void addConvRows() {
    QTest::addColumn<std::size_t>("index");
    QTest::addColumn<bool>("hasBias");
    QTest::addColumn<std::size_t>("format");
    for (std::size_t format = 0; format < kFormats.size(); ++format)
        for (std::size_t i = 0; i < convCases().size(); ++i)
            QTest::addRow("%s, %s", convCases()[i].name, kFormats[format].name)
                << i << (i % 2 == 0) << format;
}

} // namespace

class CudaProductsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void multiply_data() {
        QTest::addColumn<std::size_t>("index");
        QTest::addColumn<std::size_t>("format");
        for (std::size_t format = 0; format < kFormats.size(); ++format)
            for (std::size_t i = 0; i < productCases().size(); ++i)
                QTest::addRow("%s, %s", productCases()[i].name, kFormats[format].name)
                    << i << format;
    }
    void multiply() {
        QFETCH(std::size_t, index);
        QFETCH(std::size_t, format);
        const auto& test = productCases()[index];
        // Lines lie `gap` further apart than their lengths.
        const unsigned lineA = (test.isATransposed ? test.rows : test.depth) + test.gap;
        const unsigned linesA = test.isATransposed ? test.depth : test.rows;
        const unsigned lineB = (test.isBTransposed ? test.depth : test.columns) + test.gap;
        const unsigned linesB = test.isBTransposed ? test.columns : test.depth;
        const unsigned lineC = (test.isCTransposed ? test.rows : test.columns) + test.gap;
        const unsigned linesC = test.isCTransposed ? test.columns : test.rows;
        const unsigned sizeA = lineA * linesA;
        const unsigned sizeB = lineB * linesB;
        const unsigned sizeC = lineC * linesC;
        const unsigned stack = test.stackA * test.stackB;

        ProductShape shape;
        shape.rows = test.rows;
        shape.columns = test.columns;
        shape.depth = test.depth;
        shape.aRow = test.isATransposed ? 1 : lineA;
        shape.aDepth = test.isATransposed ? lineA : 1;
        shape.bDepth = test.isBTransposed ? 1 : lineB;
        shape.bColumn = test.isBTransposed ? lineB : 1;
        shape.cRow = test.isCTransposed ? 1 : lineC;
        shape.cColumn = test.isCTransposed ? lineC : 1;
        shape.aStack = {2, {test.stackA, test.stackB}, {sizeA, 0}};
        shape.bStack = {2, {test.stackA, test.stackB}, {0, sizeB}};
        shape.cStack = sizeC;
        shape.parts = test.parts;

        const auto a = noise(std::size_t{sizeA} * test.stackA, 1);
        const auto b = noise(std::size_t{sizeB} * test.stackB, 2);
        const auto bias = noise(test.columns, 3);
        const unsigned blocks =
            test.blocksAlongStack > 0 ? test.blocksAlongStack : stack * test.parts;
        constexpr float kUntouched = 123;
        const auto got = inAllOrders([&](Rig& rig) {
            const auto deviceA = rig.upload(a);
            const auto deviceB = rig.upload(b);
            const auto deviceBias = rig.upload(bias);
            const auto c =
                rig.upload(std::vector<float>(std::size_t{sizeC} * stack * test.parts, kUntouched));
            rig.launch(kMultiply[format], {{tiles(test.rows), tiles(test.columns), blocks}, {256}},
                       Rig::pointer(deviceA), Rig::pointer(deviceB),
                       test.hasBias ? Rig::pointer(deviceBias) : nullptr, Rig::pointer(c), shape);
            return rig.download<float>(c);
        });
        QVERIFY2(!got.empty(), "the orders of threads differ");

        const auto roundedA = rounded(a, kFormats[format]);
        const auto roundedB = rounded(b, kFormats[format]);
        const unsigned partOfDepth = (test.depth + test.parts - 1) / test.parts;
        for (unsigned z = 0; z < stack * test.parts; ++z) {
            const unsigned matrix = z / test.parts;
            const unsigned from = z % test.parts * partOfDepth;
            const unsigned to = std::min(from + partOfDepth, test.depth);
            const auto* inA = roundedA.data() + std::size_t{matrix / test.stackB} * sizeA;
            const auto* inB = roundedB.data() + std::size_t{matrix % test.stackB} * sizeB;
            std::vector<bool> isWritten(sizeC);
            for (unsigned row = 0; row < test.rows; ++row)
                for (unsigned column = 0; column < test.columns; ++column) {
                    BoundedSum sum;
                    for (unsigned k = from; k < to; ++k)
                        sum.add(inA[test.isATransposed ? k * lineA + row : row * lineA + k] *
                                inB[test.isBTransposed ? column * lineB + k : k * lineB + column]);
                    if (test.hasBias)
                        sum.add(static_cast<double>(bias[column]));
                    const unsigned at =
                        test.isCTransposed ? column * lineC + row : row * lineC + column;
                    isWritten[at] = true;
                    const float value = got[std::size_t{z} * sizeC + at];
                    QVERIFY2(sum.isNear(value),
                             qPrintable(QString("matrix %1, row %2, column %3: %4 instead of %5")
                                            .arg(z)
                                            .arg(row)
                                            .arg(column)
                                            .arg(static_cast<double>(value))
                                            .arg(sum.value())));
                }
            for (unsigned at = 0; at < sizeC; ++at)
                QVERIFY(isWritten[at] || got[std::size_t{z} * sizeC + at] == kUntouched);
        }
    }

    void convolve_data() { addConvRows(); }
    void convolve() {
        QFETCH(std::size_t, index);
        QFETCH(bool, hasBias);
        QFETCH(std::size_t, format);
        const auto& shape = convCases()[index].shape;
        const ConvSizes sizes(shape);
        const auto in = noise(sizes.in, 4);
        const auto kernel = noise(sizes.kernel, 5);
        const auto bias = noise(std::size_t{shape.groups} * shape.outChannels, 6);
        const auto got = inAllOrders([&](Rig& rig) {
            const auto deviceIn = rig.upload(in);
            const auto deviceKernel = rig.upload(kernel);
            const auto deviceBias = rig.upload(bias);
            const auto out = rig.allocate<float>(sizes.out);
            rig.launch(
                kConvolve[format],
                {{tiles(shape.batch * product(shape.out)), tiles(shape.outChannels), shape.groups},
                 {256}},
                Rig::pointer(deviceIn), Rig::pointer(deviceKernel),
                hasBias ? Rig::pointer(deviceBias) : nullptr, Rig::pointer(out), shape);
            return rig.download<float>(out);
        });
        std::vector<BoundedSum> want(sizes.out);
        const auto a = rounded(in, kFormats[format]);
        const auto b = rounded(kernel, kFormats[format]);
        forEachProduct(
            shape, [&](std::size_t i, std::size_t k, std::size_t o) { want[o].add(a[i] * b[k]); });
        if (hasBias)
            addBias(want, bias, product(shape.out));
        QVERIFY(areNear(got, want));
    }

    void convolveBack_data() { addConvRows(); }
    void convolveBack() {
        QFETCH(std::size_t, index);
        QFETCH(bool, hasBias);
        QFETCH(std::size_t, format);
        const auto& shape = convCases()[index].shape;
        const ConvSizes sizes(shape);
        const auto out = noise(sizes.out, 7);
        const auto kernel = noise(sizes.kernel, 8);
        const auto bias = noise(std::size_t{shape.groups} * shape.inChannels, 9);
        const auto got = inAllOrders([&](Rig& rig) {
            const auto deviceOut = rig.upload(out);
            const auto deviceKernel = rig.upload(kernel);
            const auto deviceBias = rig.upload(bias);
            const auto in = rig.allocate<float>(sizes.in);
            rig.launch(
                kConvolveBack[format],
                {{tiles(shape.batch * product(shape.in)), tiles(shape.inChannels), shape.groups},
                 {256}},
                Rig::pointer(deviceOut), Rig::pointer(deviceKernel),
                hasBias ? Rig::pointer(deviceBias) : nullptr, Rig::pointer(in), shape);
            return rig.download<float>(in);
        });
        std::vector<BoundedSum> want(sizes.in);
        const auto a = rounded(out, kFormats[format]);
        const auto b = rounded(kernel, kFormats[format]);
        forEachProduct(
            shape, [&](std::size_t i, std::size_t k, std::size_t o) { want[i].add(a[o] * b[k]); });
        if (hasBias)
            addBias(want, bias, product(shape.in));
        QVERIFY(areNear(got, want));
    }

    void kernelGradient_data() { addConvRows(); }
    void kernelGradient() {
        QFETCH(std::size_t, index);
        QFETCH(std::size_t, format);
        auto shape = convCases()[index].shape;
        shape.parts = 1 + static_cast<unsigned>(index % 4);
        const ConvSizes sizes(shape);
        const auto in = noise(sizes.in, 10);
        const auto out = noise(sizes.out, 11);
        const auto got = inAllOrders([&](Rig& rig) {
            const auto deviceIn = rig.upload(in);
            const auto deviceOut = rig.upload(out);
            const auto parts = rig.allocate<float>(sizes.kernel * shape.parts);
            const auto sum = rig.allocate<float>(sizes.kernel);
            rig.launch(kKernelGradient[format],
                       {{tiles(shape.outChannels), tiles(shape.inChannels * product(shape.kernel)),
                         shape.groups * shape.parts},
                        {256}},
                       Rig::pointer(deviceIn), Rig::pointer(deviceOut), Rig::pointer(parts), shape);
            rig.launch(kernel::addParts, {{2}, {96}}, Rig::pointer(parts), Rig::pointer(sum),
                       sizes.kernel, shape.parts);
            return rig.download<float>(sum);
        });
        std::vector<BoundedSum> want(sizes.kernel);
        const auto a = rounded(in, kFormats[format]);
        const auto b = rounded(out, kFormats[format]);
        forEachProduct(
            shape, [&](std::size_t i, std::size_t k, std::size_t o) { want[k].add(a[i] * b[o]); });
        QVERIFY(areNear(got, want));
    }

    void addParts() {
        for (const unsigned parts : {1U, 2U, 5U}) {
            const std::size_t size = 1003;
            const auto values = noise(size * parts, 12);
            const auto got = inAllOrders([&](Rig& rig) {
                const auto deviceValues = rig.upload(values);
                const auto sum = rig.allocate<float>(size);
                rig.launch(kernel::addParts, {{3}, {64}}, Rig::pointer(deviceValues),
                           Rig::pointer(sum), size, parts);
                return rig.download<float>(sum);
            });
            QCOMPARE(got.size(), size);
            for (std::size_t i = 0; i < size; ++i) {
                float sum = 0; // in the same order: equal to the bit
                for (unsigned part = 0; part < parts; ++part)
                    sum += values[part * size + i];
                QCOMPARE(got[i], sum);
            }
        }
    }

    void addRows_data() {
        QTest::addColumn<std::size_t>("rows");
        QTest::addColumn<std::size_t>("columns");
        QTest::addColumn<unsigned>("blocks");
        QTest::addColumn<unsigned>("threads");
        const auto row = [](std::size_t rows, std::size_t columns, unsigned blocks,
                            unsigned threads) {
            QTest::addRow("%zu rows, %zu columns, %u blocks of %u", rows, columns, blocks, threads)
                << rows << columns << blocks << threads;
        };
        row(1, 1, 1, 32);
        row(3, 70, 70, 256);
        row(257, 9, 9, 256);
        row(1001, 7, 3, 64);
        row(300, 5, 5, 1024);
    }
    void addRows() {
        QFETCH(std::size_t, rows);
        QFETCH(std::size_t, columns);
        QFETCH(unsigned, blocks);
        QFETCH(unsigned, threads);
        const auto values = noise(rows * columns, 13);
        const auto got = inAllOrders([&](Rig& rig) {
            const auto deviceValues = rig.upload(values);
            const auto sums = rig.allocate<float>(columns);
            rig.launch(kernel::addRows, {{blocks}, {threads}}, Rig::pointer(deviceValues),
                       Rig::pointer(sums), rows, columns);
            return rig.download<float>(sums);
        });
        std::vector<BoundedSum> want(columns);
        for (std::size_t i = 0; i < values.size(); ++i)
            want[i % columns].add(static_cast<double>(values[i]));
        QVERIFY(areNear(got, want));
    }

    void addChannels_data() {
        QTest::addColumn<std::size_t>("batch");
        QTest::addColumn<std::size_t>("channels");
        QTest::addColumn<std::size_t>("positions");
        QTest::addColumn<unsigned>("blocks");
        const auto row = [](std::size_t batch, std::size_t channels, std::size_t positions,
                            unsigned blocks) {
            QTest::addRow("%zu x %zu x %zu, %u blocks", batch, channels, positions, blocks)
                << batch << channels << positions << blocks;
        };
        row(1, 1, 1, 1);
        row(5, 3, 49, 3);
        row(33, 7, 1, 7);
        row(2, 5, 301, 2);
    }
    void addChannels() {
        QFETCH(std::size_t, batch);
        QFETCH(std::size_t, channels);
        QFETCH(std::size_t, positions);
        QFETCH(unsigned, blocks);
        const auto values = noise(batch * channels * positions, 14);
        const auto got = inAllOrders([&](Rig& rig) {
            const auto deviceValues = rig.upload(values);
            const auto sums = rig.allocate<float>(channels);
            rig.launch(kernel::addChannels, {{blocks}, {128}}, Rig::pointer(deviceValues),
                       Rig::pointer(sums), batch, channels, positions);
            return rig.download<float>(sums);
        });
        std::vector<BoundedSum> want(channels);
        for (std::size_t i = 0; i < values.size(); ++i)
            want[i / positions % channels].add(static_cast<double>(values[i]));
        QVERIFY(areNear(got, want));
    }
};

QTEST_GUILESS_MAIN(CudaProductsTest)
#include "tst_cuda_products.moc"
