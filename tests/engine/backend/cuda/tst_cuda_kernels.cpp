// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/noise.h"
#include "engine/backend/cuda/kernels/sequence.h"
#include "engine/ops/noise.h"
#include "engine/support/rng.h"
#include "tests/engine/backend/cuda/kernel_checks.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::cuda;
using namespace gradwright::cuda::standin;

namespace {

struct NoiseCase {
    std::uint64_t seed, step;
    std::uint32_t stream;
    std::size_t size;
};

/// Steps beyond 2^24 use numbers again; sizes end within blocks of 4 and pieces of 1024 numbers.
const NoiseCase kNoiseCases[] = {{7, 3, 0, 1},
                                 {7, 3, 1, 17},
                                 {1, 0, 2, 1024},
                                 {0x123456789ABCDEF0, 12345, 3, 4099},
                                 {42, (std::uint64_t{1} << 24) + 5, 4, 2600}};

void addNoiseRows() {
    QTest::addColumn<std::size_t>("index");
    for (std::size_t i = 0; i < std::size(kNoiseCases); ++i)
        QTest::addRow("%zu numbers", kNoiseCases[i].size) << i;
}

/// What a kernel of noise makes of `x`.
template <class Work>
std::vector<float> withScalars(const std::vector<float>& x, const NoiseCase& noisy,
                               const Work& work) {
    return inAllOrders([&](Rig& rig) {
        const auto in = rig.upload(x);
        const auto out = rig.allocate<float>(x.size());
        const auto scalars = rig.upload(std::vector<StepScalars>{{noisy.seed, noisy.step, 0}});
        work(rig, Rig::pointer(in), Rig::pointer(out), Rig::pointer<StepScalars>(scalars));
        return rig.download<float>(out);
    });
}

NoiseStream streamOf(RngStream stream, const NoiseCase& noisy) {
    return {static_cast<std::uint32_t>(stream), noisy.stream};
}

} // namespace

/// Kernels whose results no comparison of whole ops shows exactly enough.
class CudaKernelsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void dropoutHasTheMasksOfTheProcessor_data() { addNoiseRows(); }
    void dropoutHasTheMasksOfTheProcessor() {
        QFETCH(std::size_t, index);
        const auto& noisy = kNoiseCases[index];
        const std::vector<float> ones(noisy.size, 1.0F);
        for (const double rate : {0.0, 0.3, 0.5}) {
            const auto threshold = static_cast<std::uint64_t>(rate * 0x1.0p32);
            const auto got = withScalars(
                ones, noisy,
                [&](Rig& rig, const float* in, float* out, const StepScalars* scalars) {
                    rig.launch(kernel::dropout, {{2}, {96}}, in, out, noisy.size, threshold, 2.0F,
                               streamOf(RngStream::Dropout, noisy), scalars);
                });
            QCOMPARE(got.size(), noisy.size);
            std::vector<std::uint8_t> keep(noisy.size);
            dropoutKeeps({.rate = rate, .stream = noisy.stream}, noisy.seed, noisy.step, keep);
            for (std::size_t i = 0; i < noisy.size; ++i)
                QCOMPARE(got[i], keep[i] != 0 ? 2.0F : 0.0F);
        }
    }

    void dropoutOfChannelsHasTheMasksOfTheProcessor_data() { addNoiseRows(); }
    void dropoutOfChannelsHasTheMasksOfTheProcessor() {
        QFETCH(std::size_t, index);
        const auto& noisy = kNoiseCases[index];
        constexpr std::size_t kPositions = 5;
        const auto size = noisy.size * kPositions;
        const auto threshold = static_cast<std::uint64_t>(0.4 * 0x1.0p32);
        const auto got = withScalars(
            std::vector<float>(size, 3.0F), noisy,
            [&](Rig& rig, const float* in, float* out, const StepScalars* scalars) {
                rig.launch(kernel::dropoutRows, {{3}, {64}}, in, out, size, kPositions, threshold,
                           0.5F, streamOf(RngStream::Dropout, noisy), scalars);
            });
        QCOMPARE(got.size(), size);
        std::vector<std::uint8_t> keep(noisy.size);
        dropoutKeeps({.rate = 0.4, .stream = noisy.stream, .perChannel = true}, noisy.seed,
                     noisy.step, keep);
        for (std::size_t i = 0; i < size; ++i)
            QCOMPARE(got[i], keep[i / kPositions] != 0 ? 1.5F : 0.0F);
    }

    void gaussianNoiseIsThatOfTheProcessor_data() { addNoiseRows(); }
    void gaussianNoiseIsThatOfTheProcessor() {
        QFETCH(std::size_t, index);
        const auto& noisy = kNoiseCases[index];
        const auto got =
            withScalars(std::vector<float>(noisy.size, 0.0F), noisy,
                        [&](Rig& rig, const float* in, float* out, const StepScalars* scalars) {
                            rig.launch(kernel::addGaussian, {{2}, {64}}, in, out, noisy.size, 0.7F,
                                       streamOf(RngStream::Noise, noisy), scalars);
                        });
        QCOMPARE(got.size(), noisy.size);
        std::vector<float> want(noisy.size);
        gaussianNoise({.deviation = 0.7, .stream = noisy.stream}, noisy.seed, noisy.step, want);
        for (std::size_t i = 0; i < noisy.size; ++i)
            QVERIFY2(std::abs(got[i] - want[i]) <= 4e-6F * (1.0F + std::abs(want[i])),
                     qPrintable(QString("number %1 is %2 instead of %3")
                                    .arg(i)
                                    .arg(static_cast<double>(got[i]))
                                    .arg(static_cast<double>(want[i]))));
    }

    /// What names no entry becomes NaN and takes no part in the gradient.
    void entriesThatAreMissing() {
        const EmbeddingShape shape{6, 3, 2};
        const std::vector<float> numbers{2, -1, 3, 0.5F, NAN, 0};
        const std::vector<float> table{10, 11, 20, 21, 30, 31};
        const auto looked = inAllOrders([&](Rig& rig) {
            const auto in = rig.upload(numbers);
            const auto entries = rig.upload(table);
            const auto out = rig.allocate<float>(12);
            rig.launch(kernel::lookUp, {{2}, {32}}, Rig::pointer(in), Rig::pointer(entries),
                       Rig::pointer(out), shape);
            return rig.download<float>(out);
        });
        QCOMPARE(looked.size(), std::size_t{12});
        const std::vector<float> begin(looked.begin(), looked.begin() + 2);
        const std::vector<float> end(looked.end() - 2, looked.end());
        QCOMPARE(begin, (std::vector<float>{30, 31}));
        QCOMPARE(end, (std::vector<float>{10, 11}));
        for (std::size_t i = 2; i < 10; ++i)
            QVERIFY(std::isnan(looked[i]));

        const auto sums = inAllOrders([&](Rig& rig) {
            const auto in = rig.upload(numbers);
            const auto gradient =
                rig.upload(std::vector<float>{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048});
            const auto counts = rig.allocate<std::uint32_t>(3);
            const auto firsts = rig.allocate<std::uint32_t>(3);
            const auto out = rig.allocate<float>(6);
            auto* count = Rig::pointer<std::uint32_t>(counts);
            auto* first = Rig::pointer<std::uint32_t>(firsts);
            rig.launch(kernel::clearEntries, {{1}, {32}}, count, first, shape);
            rig.launch(kernel::countEntries, {{1}, {32}}, Rig::pointer(in), count, first, shape);
            rig.launch(kernel::sumEntries, {{2, 1}, {32}}, Rig::pointer(in), Rig::pointer(gradient),
                       count, first, Rig::pointer(out), shape);
            return rig.download<float>(out);
        });
        QCOMPARE(sums, (std::vector<float>{1024, 2048, 0, 0, 1, 2}));
    }
};

QTEST_GUILESS_MAIN(CudaKernelsTest)
#include "tst_cuda_kernels.moc"
