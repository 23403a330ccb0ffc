// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/standin/standin_block_state.h"

#include <sys/mman.h>

#include <csignal>
#include <numeric>
#include <random>

#if defined(__x86_64__)
asm(R"(
.text
.globl gradwrightStandinSwitch
.type gradwrightStandinSwitch,@function
gradwrightStandinSwitch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size gradwrightStandinSwitch,.-gradwrightStandinSwitch
)");
#endif

namespace gradwright::cuda::standin {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kSharedGap = 64; ///< bytes between a block's arrays
#ifdef GRADWRIGHT_STANDIN_TSAN
constexpr unsigned kStackSets = 2; // neighbouring blocks share no stacks
#else
constexpr unsigned kStackSets = 1;
#endif
constexpr std::size_t kStacksBytes = kStackSets * kMostThreads * kStackBytes;

struct Ordering {
    Order order = Order::Forward;
    std::mt19937_64 random{1};

    template <class T>
    void arrange(std::vector<T>& numbers) {
        std::iota(numbers.begin(), numbers.end(), T{0});
        if (order == Order::Backward)
            std::reverse(numbers.begin(), numbers.end());
        if (order == Order::Shuffled)
            std::shuffle(numbers.begin(), numbers.end(), random);
    }
};
Ordering ordering;

/// By words that are volatile: sanitizers would take a memset for a write by the thread that runs.
void poison(std::byte* at, std::size_t bytes) {
    auto* words = reinterpret_cast<volatile std::uint64_t*>(at);
    for (std::size_t i = 0; i < (bytes + 7) / 8; ++i)
        words[i] = ~std::uint64_t{0};
}

std::string text(const uint3& place) {
    return "(" + std::to_string(place.x) + ", " + std::to_string(place.y) + ", " +
           std::to_string(place.z) + ")";
}

/// Goes on with another thread.
void enter(unsigned next) {
    auto& b = block();
    auto& from = b.threads[b.self].context;
    b.self = next;
    threadIdx = b.threads[next].index;
    noteFiber(b.threads[next].fibers[b.parity]);
    void* fake = nullptr;
    noteStack(&fake, b.stackOf(next), kStackBytes);
    from.switchTo(b.threads[next].context);
    noteArrival(fake, nullptr, nullptr);
}

/// The first thread after the one that runs that can go on, or -1.
int nextReady() {
    auto& b = block();
    for (unsigned i = 1; i <= b.size; ++i) {
        unsigned place = b.place + i;
        if (place >= b.size)
            place -= b.size;
        if (b.threads[b.order[place]].state == State::Ready) {
            b.place = place;
            return static_cast<int>(b.order[place]);
        }
    }
    return -1;
}

std::string barrierPlace() {
    const auto& b = block();
    return std::string(b.barrierFile) + ":" + std::to_string(b.barrierLine);
}

/// Why no thread can go on.
std::string stuckState() {
    const auto& b = block();
    unsigned meeting = 0;
    for (unsigned i = 0; i < b.size; ++i)
        meeting += b.threads[i].state == State::Meeting ? 1U : 0U;
    std::string what = "nothing goes on:";
    if (b.waiting > 0)
        what += " " + std::to_string(b.waiting) + " threads wait at __syncthreads (" +
                barrierPlace() + ")";
    if (meeting > 0)
        what += (b.waiting > 0 ? " and " : " ") + std::to_string(meeting) + " in warp functions";
    if (b.live < b.size)
        what += "; " + std::to_string(b.size - b.live) + " have ended";
    return what;
}

void openBarrier() {
    auto& b = block();
    b.waiting = 0;
    ++b.barriers;
    for (unsigned i = 0; i < b.size; ++i)
        if (b.threads[i].state == State::AtBarrier)
            b.threads[i].state = State::Ready;
}

/// What a thread runs.
void threadMain() {
    auto& b = block();
    if (b.hostStack)
        noteArrival(nullptr, nullptr, nullptr);
    else
        noteArrival(nullptr, &b.hostStack, &b.hostStackBytes);
    noteAcquire(&b.launchTag);
    b.kernel->body(b.kernel->state);
    b.threads[b.self].state = State::Done;
    if (--b.live == 0)
        leave();
    if (b.waiting > 0 && b.waiting == b.live) {
        blame("ends, while all others wait at __syncthreads (" + barrierPlace() + ")");
        leave();
    }
    noteRelease(&b.endTag);
    pass();
    __builtin_unreachable();
}

void startBlock() {
    auto& b = block();
    const auto& shape = b.kernel->block;
    b.shared.clear();
    b.sharedUsed = 0;
#ifdef GRADWRIGHT_STANDIN_TSAN
    b.formerShared.push_back(std::move(b.sharedStore));
    b.sharedStore.reset(new std::byte[2 * kSharedLimit]);
#endif
    noteRelease(&b.launchTag);
    b.live = b.size;
    b.waiting = 0;
    poison(b.dynamic.data(), b.dynamic.size());
    for (auto& group : b.groups)
        group.isUsed = false;
    for (unsigned i = 0; i < b.size; ++i) {
        auto& thread = b.threads[i];
        thread.state = State::Ready;
        thread.copiesBegun = thread.copiesDone = thread.copyGroups = 0;
        thread.index = {i % shape.x, i / shape.x % shape.y, i / shape.x / shape.y};
        // Stacks begin at different places of their pages, else they share a few lines of the
        // cache.
        thread.context.prepare(b.stackOf(i) - i % 64 * 320, threadMain);
    }
    ordering.arrange(b.order);
}

void runBlock() {
    auto& b = block();
    startBlock();
    b.place = 0;
    b.self = b.order[0];
    auto& first = b.threads[b.self];
    threadIdx = first.index;
    noteFiber(first.fibers[b.parity]);
    void* fake = nullptr;
    b.hostStack = nullptr;
    noteStack(&fake, b.stackOf(b.self), kStackBytes);
    b.host.switchTo(first.context);
    noteArrival(fake, nullptr, nullptr);
    b.parity ^= 1U;
}

#ifndef GRADWRIGHT_STANDIN_TSAN
/// While it lives, an access of the kernel to what is no memory ends the kernel, not the process.
class AccessGuard {
public:
    AccessGuard() {
        static std::byte stack[64 << 10];
        stack_t own{};
        own.ss_sp = stack;
        own.ss_size = sizeof stack;
        sigaltstack(&own, &formerStack_);
        struct sigaction action {};
        action.sa_sigaction = take;
        // Not blocked in the handler, which does not return.
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
        sigaction(SIGSEGV, &action, &formerFault_);
        sigaction(SIGBUS, &action, &formerBusFault_);
    }
    ~AccessGuard() {
        sigaction(SIGBUS, &formerBusFault_, nullptr);
        sigaction(SIGSEGV, &formerFault_, nullptr);
        sigaltstack(&formerStack_, nullptr);
    }
    AccessGuard(const AccessGuard&) = delete;
    AccessGuard& operator=(const AccessGuard&) = delete;

private:
    static void take(int, siginfo_t* info, void*) {
        const auto* at = static_cast<const std::byte*>(info->si_addr);
        const auto& b = block();
        if (at >= b.stacks && at < b.stacks + kStacksBytes)
            blame("needs more than " + std::to_string(kStackBytes >> 10) + " KB of local memory");
        else
            blame("reads or writes what is no memory of the device (address " +
                      std::to_string(reinterpret_cast<std::uintptr_t>(at)) + ")",
                  true);
        leave();
    }

    stack_t formerStack_{};
    struct sigaction formerFault_ {
    }, formerBusFault_{};
};
#else
struct AccessGuard {
    AccessGuard() {} // ThreadSanitizer reports the access and ends the process
};
#endif

/// Sets the block up for one launch.
class LaunchScope {
public:
    explicit LaunchScope(const KernelRun& kernel) {
        auto& b = block();
        b.kernel = &kernel;
        b.size = kernel.block.x * kernel.block.y * kernel.block.z;
        b.order.resize(b.size);
        b.dynamic.resize((kernel.sharedBytes + 7) / 8 * 8);
        b.error.clear();
        b.isIllegalAddress = false;
        blockDim = kernel.block;
        gridDim = kernel.grid;
#ifdef GRADWRIGHT_STANDIN_TSAN
        b.hostFiber = __tsan_get_current_fiber();
        // Kept for later launches, since they are costly; launches are ordered all the same.
        for (unsigned i = 0; i < b.size; ++i)
            for (auto& fiber : b.threads[i].fibers)
                fiber = fiber ? fiber : __tsan_create_fiber(0);
#endif
    }
    ~LaunchScope() {
        auto& b = block();
        noteAcquire(&b.endTag);
        b.formerShared.clear();
        b.kernel = nullptr;
    }
    LaunchScope(const LaunchScope&) = delete;
    LaunchScope& operator=(const LaunchScope&) = delete;
};

} // namespace

Block::Block()
    : stacks(static_cast<std::byte*>(mmap(nullptr, kStacksBytes, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {
    if (stacks == MAP_FAILED)
        throw std::bad_alloc();
    for (std::size_t i = 0; i < kStackSets * kMostThreads; ++i)
        mprotect(stacks + i * kStackBytes, kPage, PROT_NONE);
}

Block::~Block() {
    munmap(stacks, kStacksBytes);
}

std::byte* Block::stackOf(unsigned thread) const {
    return stacks + (thread + std::size_t{parity} % kStackSets * kMostThreads) * kStackBytes;
}

Block& block() {
    static Block one;
    return one;
}

void setThreadOrder(Order order, std::uint64_t seed) {
    ordering.order = order;
    ordering.random.seed(seed);
}

void pass() {
    const int next = nextReady();
    if (next < 0) {
        blame(stuckState());
        leave();
    }
    if (static_cast<unsigned>(next) != block().self)
        enter(static_cast<unsigned>(next));
}

void blame(const std::string& what, bool isIllegalAddress) {
    auto& b = block();
    b.error = std::string("kernel ") + b.kernel->name + ", block " + text(blockIdx) + ", thread " +
              text(b.threads[b.self].index) + ": " + what;
    b.isIllegalAddress = isIllegalAddress;
}

void leave() {
    auto& b = block();
    noteRelease(&b.endTag);
    noteFiber(b.hostFiber);
    noteStack(nullptr, b.hostStack, b.hostStackBytes);
    b.threads[b.self].context.switchTo(b.host);
    __builtin_unreachable();
}

void fail(const char* what) {
    blame(what);
    leave();
}

void* sharedMemory(const void* tag, std::size_t bytes) {
    auto& b = block();
    for (const auto& array : b.shared)
        if (array.tag == tag)
            return array.at;
    const auto size = (bytes + 15) / 16 * 16;
    if (b.sharedUsed + size > kSharedLimit)
        fail("needs more of the block's memory than 48 KB");
    // The gaps have room of their own, so that they take nothing from the limit.
    auto* at = b.sharedStore.get() + b.sharedUsed + b.shared.size() * kSharedGap;
    b.sharedUsed += size;
    if (b.sharedUsed + (b.shared.size() + 1) * kSharedGap > 2 * kSharedLimit)
        fail("has too many arrays in the block's memory");
#ifdef GRADWRIGHT_STANDIN_ASAN
    __asan_unpoison_memory_region(at, size);
    __asan_poison_memory_region(at + bytes, size - bytes + kSharedGap);
#endif
    poison(at, bytes);
    b.shared.push_back({tag, at});
    return at;
}

void* dynamicShared() {
    return block().dynamic.data();
}

int lane() {
    return static_cast<int>(block().self % 32);
}

void barrier(const char* file, int line) {
    auto& b = block();
    if (b.live < b.size) {
        blame(std::string("comes to __syncthreads (") + file + ":" + std::to_string(line) +
              "), but " + std::to_string(b.size - b.live) + " threads have ended without it");
        leave();
    }
    if (b.waiting == 0) {
        b.barrierFile = file;
        b.barrierLine = line;
    } else if (line != b.barrierLine || std::strcmp(file, b.barrierFile) != 0) {
        blame(std::string("comes to __syncthreads at ") + file + ":" + std::to_string(line) +
              ", while others wait at " + barrierPlace());
        leave();
    }
    // By turns: when this thread goes on, others may have come to the next barrier already, and
    // what they did before that one is not ordered before what this thread does now.
    char* tag = &b.barrierTags[b.parity][b.barriers % 2];
    noteRelease(tag);
    b.threads[b.self].state = State::AtBarrier;
    if (++b.waiting == b.size)
        openBarrier();
    else
        pass();
    noteAcquire(tag);
}

const char* refusal(dim3 grid, dim3 shape, std::size_t sharedBytes) {
    if (grid.x == 0 || grid.y == 0 || grid.z == 0)
        return "an empty grid";
    if (grid.x > 0x7fffffffU || grid.y > 65535 || grid.z > 65535)
        return "a grid that is larger than 2147483647 x 65535 x 65535 blocks";
    if (shape.x == 0 || shape.y == 0 || shape.z == 0)
        return "an empty block";
    if (shape.x > 1024 || shape.y > 1024 || shape.z > 64 ||
        std::uint64_t{shape.x} * shape.y * shape.z > kMostThreads)
        return "a block of more than 1024 threads, or of more than 64 along z";
    if (sharedBytes > kSharedLimit)
        return "more than 48 KB of a block's memory";
    return nullptr;
}

void run(const KernelRun& kernel) {
    auto& b = block();
    if (b.kernel)
        throw std::logic_error("a kernel runs already");
    const LaunchScope scope(kernel);
    const AccessGuard guard;
    const auto& grid = kernel.grid;
    std::vector<std::uint64_t> blocks(std::uint64_t{grid.x} * grid.y * grid.z);
    ordering.arrange(blocks);
    for (const auto at : blocks) {
        blockIdx = {static_cast<unsigned>(at % grid.x), static_cast<unsigned>(at / grid.x % grid.y),
                    static_cast<unsigned>(at / grid.x / grid.y)};
        runBlock();
        if (!b.error.empty())
            throw KernelError(b.error, b.isIllegalAddress);
    }
}

} // namespace gradwright::cuda::standin
