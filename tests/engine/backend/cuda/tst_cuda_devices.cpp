// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/gpus.h"
#include "engine/backend/cuda/images.h"
#include "tests/standin/standin_driver.h"

#include <QTest>

#include <set>

using namespace gradwright;
using namespace gradwright::cuda;

/// What there is to compute on.
class CudaDevicesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { standin::restartStandin(); }

    void aDriversDevicesAreDescribed() {
        const auto search = gpusOf(standin::standinDriver());
        QVERIFY(search.why.empty());
        QCOMPARE(search.found.size(), std::size_t{1});
        const auto& gpu = search.found[0];
        QCOMPARE(gpu.key, std::string("cuda:0"));
        QVERIFY(!gpu.name.empty());
        QVERIFY(gpu.memory > 0);
        QVERIFY(gpu.multiprocessors > 0);
        QVERIFY(gpu.major > 0);
        QVERIFY(gpu.driverVersion >= 11040);
    }

    void aDriverThatFailsIsNamed() {
        standin::injectFault(0, standin::kNoDevice, true);
        const auto search = gpusOf(standin::standinDriver());
        QVERIFY(search.found.empty());
        QVERIFY2(search.why.find("the NVIDIA driver does not answer: CUDA_ERROR") == 0,
                 search.why.c_str());
    }

    /// Whatever this machine has: GPUs or a reason.
    void theRealSearchAnswers() {
        const auto search = findGpus();
        QCOMPARE(search.found.empty(), !search.why.empty());
        QVERIFY(!search.why.ends_with('.'));
    }

    /// The image of each family of kernels, or none at all.
    void imagesAreComplete() {
        QCOMPARE(images().empty(), gpuCodeMaker().empty());
        if (images().empty())
            return;
        std::set<std::string_view> built, wanted;
        for (const auto& image : images())
            built.insert(image.family);
        for (const auto& image : standin::standinImages())
            wanted.insert(image.family);
        QVERIFY(built == wanted);
    }

    /// One sentence that says what is missing.
    void aBuildWithoutImagesSaysSo() {
        Device device(standin::standinDriver(), 0, {});
        try {
            device.function("element", "gw_fill");
            QFAIL("there is no image");
        } catch (const Error& error) {
            QCOMPARE(QString(error.what()),
                     QString("this build has no code for NVIDIA GPUs (element is missing)"));
        }
    }
};

QTEST_MAIN(CudaDevicesTest)
#include "tst_cuda_devices.moc"
