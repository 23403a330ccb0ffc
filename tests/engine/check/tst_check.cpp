// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/device_fault.h"
#include "engine/check/check.h"
#include "engine/check/op_cases.h"
#include "tests/engine/backend/wrapped_backend.h"

#include <QTest>

#include <algorithm>
#include <map>

using namespace gradwright;
using namespace gradwright::test;
using Outcome = CheckedCase::Outcome;

namespace {

/// The first so many cases.
std::vector<CheckedCase> checked(const Backend& backend, std::size_t most,
                                 const CheckOptions& options = {}) {
    std::vector<CheckedCase> cases;
    checkBackend(
        backend,
        [&](const CheckedCase& each) {
            cases.push_back(each);
            return cases.size() < most;
        },
        options);
    return cases;
}

std::ptrdiff_t countOf(const std::vector<CheckedCase>& cases, Outcome outcome) {
    return std::ranges::count(cases, outcome, &CheckedCase::outcome);
}

constexpr std::size_t kSome = 40;

} // namespace

/// What the check says of engines that are right, wrong and broken.
class CheckTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aRightEnginePasses() {
        const auto cases = checked(WrappedBackend(), kSome);
        QCOMPARE(cases.size(), kSome);
        QCOMPARE(countOf(cases, Outcome::Passed), std::ptrdiff_t{kSome});
        QCOMPARE(cases[6].number, std::size_t{7});
        QCOMPARE(cases[0].count, check::opCases().size());
        // In FP32 it differs from FP64 in something, and by little.
        QVERIFY(std::ranges::any_of(cases, [](const auto& each) { return each.difference > 0; }));
        QVERIFY(
            std::ranges::all_of(cases, [](const auto& each) { return each.difference < 1e-5; }));
    }

    /// Rounding operands to bfloat16 is found in each product, and in nothing else.
    void aWrongEngineFails() {
        const auto cases =
            checked(*makeOneDnnBackend(), kSome, {.precision = Precision::Bf16, .tolerance = 1e-5});
        QVERIFY(countOf(cases, Outcome::Failed) > 10);
        for (const auto& each : cases)
            if (each.name.starts_with("conv")) {
                QVERIFY2(each.outcome == Outcome::Failed, each.name.c_str());
                QVERIFY(each.difference > 1e-5 && each.difference < 0.1 && !each.detail.empty());
            }
    }

    void whatAnEngineLacksIsLeftOut() {
        WrappedBackend without;
        without.lacks = [](const OpAttributes& op) { return nameOf(op) == "conv"; };
        const auto cases = checked(without, kSome);
        QVERIFY(countOf(cases, Outcome::LeftOut) > 10);
        for (const auto& each : cases)
            if (each.outcome == Outcome::LeftOut)
                QCOMPARE(each.detail, std::string("the engine does not compute conv"));
    }

    void anErrorFailsItsCaseAlone() {
        WrappedBackend broken;
        int runs = 0;
        broken.before = [&] {
            if (++runs == 3) // training and inference of the first case, training of the second
                throw DeviceFault(DeviceFault::Kind::Passing, "out of order");
        };
        const auto cases = checked(broken, 5);
        QCOMPARE(countOf(cases, Outcome::Failed), std::ptrdiff_t{1});
        QVERIFY(cases[1].outcome == Outcome::Failed && cases[1].detail == "out of order");
    }

    void aFaultThatLastsEndsTheCheck() {
        WrappedBackend dead;
        dead.before = [] { throw DeviceFault(DeviceFault::Kind::Lasting, "gone"); };
        QVERIFY_THROWS_EXCEPTION(DeviceFault, static_cast<void>(checked(dead, 5)));
    }
};

QTEST_APPLESS_MAIN(CheckTest)
#include "tst_check.moc"
