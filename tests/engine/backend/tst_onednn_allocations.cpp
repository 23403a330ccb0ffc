// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/backend/sample_nets.h"

#include <QTest>

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

using namespace gradwright;
using namespace gradwright::test;

namespace {

std::atomic<bool> isCounting = false;
std::atomic<int> allocations = 0;

/// What oneDNN allocates inside itself is its own affair.
bool isFromOneDnn(const void* caller) {
    Dl_info info;
    return dladdr(caller, &info) != 0 && info.dli_fname &&
           std::strstr(info.dli_fname, "libdnnl") != nullptr;
}

void* allocate(std::size_t size, std::size_t alignment, const void* caller) {
    if (isCounting && !isFromOneDnn(caller))
        ++allocations;
    size = (std::max<std::size_t>(size, 1) + alignment - 1) / alignment * alignment;
    if (void* memory = std::aligned_alloc(alignment, size))
        return memory;
    throw std::bad_alloc();
}

void sgd(const UpdateSpan<float>& span, const UpdateStep& step) {
    for (std::size_t i = 0; i < span.size; ++i)
        span.weight[i] -= static_cast<float>(step.learningRate) * span.gradient[i];
}

} // namespace

void* operator new(std::size_t size) {
    return allocate(size, alignof(std::max_align_t), __builtin_return_address(0));
}
/// Standard algorithms try for a temporary buffer with it.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    try {
        return allocate(size, alignof(std::max_align_t), __builtin_return_address(0));
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<std::size_t>(alignment), __builtin_return_address(0));
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

class AllocationTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void countsWhatWeAllocate() {
        isCounting = true;
        const auto memory = std::make_unique<int>(1);
        isCounting = false;
        QVERIFY(allocations.exchange(0) >= 1);
        QVERIFY(memory);
    }

    void aStepAllocatesNothing_data() {
        QTest::addColumn<std::size_t>("index");
        QTest::addColumn<Precision>("precision");
        const auto nets = sampleNets();
        for (std::size_t i = 0; i < nets.size(); ++i) {
            QTest::newRow(nets[i].name.c_str()) << i << Precision::F32;
            QTest::addRow("%s, BF16", nets[i].name.c_str()) << i << Precision::Bf16;
        }
    }
    void aStepAllocatesNothing() {
        QFETCH(std::size_t, index);
        QFETCH(Precision, precision);
        const auto net = sampleNets()[index];
        UpdateRule rule;
        rule.key = "sgd";
        rule.f32 = sgd;
        const auto program = makeOneDnnBackend()->compile(
            net.graph,
            {.batch = 8, .precision = precision, .mode = Mode::Training, .update = rule});
        initializeWeights(*program->weights(), 1);
        const auto data = randomBatch(net.graph, 8, 1);
        const auto inputs = data.bindings(net.graph);
        const auto logits = net.graph.output("logits");
        std::vector<float> out(8 * 10);
        double sum = 0;
        for (std::uint64_t i = 0; i < 3; ++i) {
            // The first step may warm up the threads.
            isCounting = i > 0;
            program->submit({inputs, {1, i + 1}, 0.01});
            const auto result = program->finish();
            sum += result->lossSum + result->gradientSquares[0];
            program->copyOutput(logits, out);
            isCounting = false;
        }
        QVERIFY(sum > 0);
        QCOMPARE(allocations.exchange(0), 0);
    }
};

QTEST_APPLESS_MAIN(AllocationTest)
#include "tst_onednn_allocations.moc"
