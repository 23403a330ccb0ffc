// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/lab/claims.h"
#include "tests/support/own_home.h"
#include "tests/support/small_mnist.h"

#include <QTemporaryDir>
#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// What lectures say of neural networks, in small trainings with fixed seeds.
class LabClaimsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(home_.isValid());
        liveIn(home_.path());
        makeSmallMnist(folder() / "resources", 3000, 500);
        qputenv("GRADWRIGHT_RESOURCES", (folder() / "resources").c_str());
    }

    void largeBatches() {
        check(largeBatchesAreWorse(folder(), {.samples = 1000, .epochs = 2, .repeats = 1}));
    }
    void deepSigmoids() {
        check(deepSigmoidsDoNotLearn(folder(), {.samples = 2700, .epochs = 8, .repeats = 1}));
    }
    void deepResiduals() {
        check(deepResidualsLearn(folder(), {.samples = 2700, .epochs = 8, .repeats = 1}));
    }
    void waysOfOptimizers() {
        check(optimizersTakeTheirOwnWays(folder(), {.samples = 500, .epochs = 2, .repeats = 1}));
    }
    void exclusiveOr() {
        for (const auto& claim : exclusiveOrNeedsMore(folder()))
            check(claim);
    }
    void tables() { check(forestsAreGoodOnTables(folder())); }
    void ensembles() {
        check(ensemblesAreBetter(folder(), {.samples = 400, .epochs = 2, .repeats = 1}));
    }

private:
    [[nodiscard]] fs::path folder() const { return home_.path().toStdString(); }
    static void check(const Claim& claim) {
        QVERIFY2(claim.holds(), (claim.sentence + " " + claim.measured).c_str());
    }

    QTemporaryDir home_;
};

QTEST_GUILESS_MAIN(LabClaimsTest)
#include "tst_lab_claims.moc"
