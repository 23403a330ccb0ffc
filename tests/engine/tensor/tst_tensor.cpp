// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/tensor.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

using namespace gradwright;
using namespace gradwright::test;

namespace {

template <class T>
std::vector<T> valuesOf(const Tensor& tensor) {
    const auto span = tensor.span<T>();
    return {span.begin(), span.end()};
}

} // namespace

class TensorTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void shapesCountTheirElements() {
        QCOMPARE(Shape{}.elements(), 1);
        QCOMPARE((Shape{6, 28, 28}).elements(), 4704);
        QCOMPARE((Shape{3, 0, 5}).elements(), 0);
        QVERIFY((Shape{3, 5}).withBatch(32) == (Shape{32, 3, 5}));
        QCOMPARE(toString(Shape{6, 28, 28}), std::string("6×28×28"));
        QCOMPARE(toString(Shape{}), std::string("scalar"));
    }

    void shapesThatNoMemoryHoldsAreRefused() {
        const std::int64_t most = std::int64_t{1} << 45;
        QCOMPARE((Shape{most}).elements(), most);
        QCOMPARE((Shape{1 << 20, 1 << 25}).elements(), most);
        QCOMPARE(messageOf([&] { return Shape{most + 1}.elements(); }),
                 "a tensor of shape 35184372088833 cannot be held in memory");
        QVERIFY(messageOf([] {
                    return (Shape{1 << 20, 1 << 20, 1 << 6}).elements();
                }) != "no error");
        // Would be 0 modulo 2^64.
        QVERIFY(messageOf([] { return (Shape{1LL << 32, 1LL << 32}).elements(); }) != "no error");
        QVERIFY(messageOf([] { return (Shape{-1}).elements(); }) != "no error");
        QVERIFY_THROWS_EXCEPTION(Error, Tensor(DType::F64, {1LL << 62}));
    }

    void memoryThatIsNotThereIsAnError() {
        QCOMPARE(messageOf([] { return Tensor(DType::F64, {std::int64_t{1} << 45}); }),
                 "there is not enough memory for a tensor of shape 35184372088832 "
                 "(281474976710656 bytes)");
    }

    void startsZeroedAndAligned() {
        const Tensor tensor(DType::F32, {7, 3});
        QCOMPARE(tensor.elements(), 21);
        QCOMPARE(tensor.bytes().size(), std::size_t{84});
        QCOMPARE(reinterpret_cast<std::uintptr_t>(tensor.bytes().data()) % 64, std::uintptr_t{0});
        for (const float value : tensor.span<float>())
            QCOMPARE(value, 0.0F);
    }

    void copiesAreDeep() {
        auto a = Tensor::of<float>({3}, std::vector<float>{1, 2, 3});
        const Tensor b = a;
        QVERIFY(a == b);
        a.span<float>()[1] = 9;
        QVERIFY(!(a == b));
        QCOMPARE(valuesOf<float>(b), (std::vector<float>{1, 2, 3}));
    }

    void readingAsAnotherTypeIsRefused() {
        Tensor tensor(DType::F32, {2});
        QCOMPARE(messageOf([&] { return tensor.span<double>().size(); }),
                 "a tensor of F32 is read as F64");
        QCOMPARE(messageOf([] {
                     return Tensor::of<float>({4}, std::vector<float>{1, 2, 3});
                 }),
                 "3 values do not fill a tensor of shape 4");
    }

    void convertsValues() {
        const auto reals = Tensor::of<double>({4}, std::vector<double>{-1.75, 0.0, 2.5, 200.0});
        QCOMPARE(valuesOf<float>(reals.to(DType::F32)), (std::vector<float>{-1.75F, 0, 2.5F, 200}));
        QCOMPARE(valuesOf<std::int32_t>(reals.to(DType::I32)),
                 (std::vector<std::int32_t>{-1, 0, 2, 200}));
        QCOMPARE(valuesOf<std::uint8_t>(reals.to(DType::U8)),
                 (std::vector<std::uint8_t>{0, 0, 2, 200}));
        const auto whole = Tensor::of<std::int64_t>({2}, std::vector<std::int64_t>{-3, 1LL << 40});
        QCOMPARE(valuesOf<double>(whole.to(DType::F64)), (std::vector<double>{-3, 0x1p40}));
        QVERIFY(whole.to(DType::I64) == whole);
        QCOMPARE(valuesOf<std::int8_t>(reals.to(DType::I8)),
                 (std::vector<std::int8_t>{-1, 0, 2, 127}));
        QCOMPARE(valuesOf<float>(reals.to(DType::I8).to(DType::F32)),
                 (std::vector<float>{-1, 0, 2, 127}));
        QCOMPARE(valuesOf<float>(reals.to(DType::Bool).to(DType::F32)),
                 (std::vector<float>{1, 0, 1, 1}));
        QVERIFY_THROWS_EXCEPTION(Error, static_cast<void>(whole.to(DType::BF16)));
        QVERIFY_THROWS_EXCEPTION(Error, static_cast<void>(whole.to(DType::F16)));
    }

    /// The bits are those of IEEE 754 and of bfloat16: signs, subnormal numbers, infinities.
    void convertsNumbersOf16Bits() {
        const auto ofBits = [](DType type, std::vector<std::uint16_t> bits) {
            Tensor tensor(type, {static_cast<std::int64_t>(bits.size())});
            std::memcpy(tensor.bytes().data(), bits.data(), 2 * bits.size());
            return valuesOf<float>(tensor.to(DType::F32));
        };
        constexpr auto infinity = std::numeric_limits<float>::infinity();
        QCOMPARE(
            ofBits(DType::F16, {0x3C00, 0xC000, 0x3555, 0x7BFF, 0x0001, 0x83FF, 0x7C00, 0xFC00}),
            (std::vector<float>{1, -2, 0.333251953125F, 65504, 0x1p-24F, -0x1.FF8p-15F, infinity,
                                -infinity}));
        QVERIFY(std::isnan(ofBits(DType::F16, {0x7E00})[0]));
        QCOMPARE(ofBits(DType::BF16, {0x3F80, 0xC040, 0x7F80, 0x0001}),
                 (std::vector<float>{1, -3, infinity, 0x1p-133F}));
        QVERIFY(std::isnan(ofBits(DType::BF16, {0x7FC0})[0]));
    }

    void conversionsSaturate() {
        using Limits32 = std::numeric_limits<std::int32_t>;
        using Limits64 = std::numeric_limits<std::int64_t>;
        const auto wild = Tensor::of<double>(
            {5}, std::vector<double>{std::nan(""), INFINITY, -INFINITY, 1e30, -1e30});
        QCOMPARE(valuesOf<std::int32_t>(wild.to(DType::I32)),
                 (std::vector<std::int32_t>{0, Limits32::max(), Limits32::min(), Limits32::max(),
                                            Limits32::min()}));
        QCOMPARE(valuesOf<std::int64_t>(wild.to(DType::I64)),
                 (std::vector<std::int64_t>{0, Limits64::max(), Limits64::min(), Limits64::max(),
                                            Limits64::min()}));
        const auto whole =
            Tensor::of<std::int64_t>({3}, std::vector<std::int64_t>{-1, 256, 1LL << 40});
        QCOMPARE(valuesOf<std::uint8_t>(whole.to(DType::U8)),
                 (std::vector<std::uint8_t>{0, 255, 255}));
        QCOMPARE(valuesOf<std::int32_t>(whole.to(DType::I32)),
                 (std::vector<std::int32_t>{-1, 256, Limits32::max()}));
    }

    void reshapesWhatHasAsManyElements() {
        const auto row = Tensor::of<float>({6}, std::vector<float>{1, 2, 3, 4, 5, 6});
        const auto matrix = row.reshaped({2, 3});
        QVERIFY(matrix.shape() == (Shape{2, 3}));
        QCOMPARE(valuesOf<float>(matrix), valuesOf<float>(row));
        QVERIFY(!(matrix == row));
        QCOMPARE(messageOf([&] {
                     return row.reshaped({4, 2});
                 }),
                 "a tensor of shape 6 cannot become 4×2");
    }
};

QTEST_APPLESS_MAIN(TensorTest)
#include "tst_tensor.moc"
