// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/standin/planted.h"
#include "tests/standin/standin_rig.h"

#include <QRegularExpression>
#include <QTest>

#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <numeric>
#include <thread>

using namespace gradwright;
using namespace gradwright::cuda;
using namespace gradwright::cuda::standin;

namespace {

#if defined(GRADWRIGHT_STANDIN_ASAN) || defined(GRADWRIGHT_STANDIN_TSAN)
constexpr bool kSanitizerReportsAccesses = true;
#else
constexpr bool kSanitizerReportsAccesses = false;
#endif
const char* const kOwnReport = "The sanitizer reports the access itself and ends the process.";

std::vector<float> ramp(std::size_t size) {
    std::vector<float> values(size);
    std::iota(values.begin(), values.end(), 1.0F);
    return values;
}

/// The number of the DeviceError that `work` throws, or 0.
template <class Work>
int errorOf(const Work& work) {
    try {
        work();
    } catch (const DeviceError& error) {
        return error.number();
    }
    return 0;
}

QString fault() {
    return QString::fromStdString(standinFault());
}

} // namespace

class StandinTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { gradwrightAdd_planted(); }

    void kernelRunsInAllOrders() {
        Rig rig;
        const auto in = rig.upload(ramp(1000));
        for (const auto order : kOrders) {
            setThreadOrder(order, 3);
            const auto out = rig.allocate<float>(1000);
            rig.launch(kernel::scale, {{3}, {64}}, Rig::pointer(in), Rig::pointer(out), 1000, 0.5F);
            const auto values = rig.download<float>(out);
            for (std::size_t i = 0; i < values.size(); ++i)
                QCOMPARE(values[i], 0.5F * static_cast<float>(i + 1));
        }
        QCOMPARE(counters().launches, std::size_t{3});
        QCOMPARE(fault(), QString());
    }
};

QTEST_GUILESS_MAIN(StandinTest)
#include "tst_standin.moc"
