// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The block that runs, for standin_block.cpp, standin_warp.cpp and standin_tensor.cpp alone. None
// of them is instrumented: sanitizers would take the stand-in's own records for memory that the
// kernel's threads share.

#include "tests/standin/standin_block.h"
#include "tests/standin/standin_fiber.h"

#include <memory>
#include <string>
#include <vector>

namespace gradwright::cuda::standin {

inline constexpr unsigned kMostThreads = 1024;
inline constexpr unsigned kGroupsPerWarp = 4;
inline constexpr unsigned kMostCopies = 64;           ///< of a thread that are on their way
inline constexpr std::size_t kSharedLimit = 48 << 10; ///< bytes of a block without asking for more

enum class State : std::uint8_t { Ready, AtBarrier, Meeting, Done };

/// Threads of one warp that meet.
struct Group {
    Collective kind = Collective::Sync;
    unsigned mask = 0;
    unsigned arrived = 0;
    unsigned unread = 0; ///< those that have not left yet
    bool isUsed = false, isComplete = false;
    std::uint64_t values[32] = {};
    std::uint32_t words[32][kMeetingWords] = {};
};

/// A copy that waits to be done, with the number of its group.
struct PendingCopy {
    AsyncCopy copy{};
    unsigned group = 0;
};

struct Thread {
    Context context;
    State state = State::Done;
    uint3 index{};
    PendingCopy copies[kMostCopies]; ///< copy number i at i % kMostCopies
    unsigned copiesBegun = 0, copiesDone = 0;
    unsigned copyGroups = 0; ///< that have ended
    void* fibers[2] = {}; ///< ThreadSanitizer's: neighbouring blocks differ, so nothing orders them
};

struct SharedArray {
    const void* tag;
    std::byte* at;
};

struct Block {
    Block();
    ~Block();
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

    [[nodiscard]] std::byte* stackOf(unsigned thread) const;
    [[nodiscard]] char* tagOf(const Group* group) {
        return &groupTags[parity][group - groups.data()];
    }

    const KernelRun* kernel = nullptr; ///< null while none runs
    std::byte* stacks = nullptr;
    std::vector<Thread> threads{kMostThreads};
    std::vector<Group> groups{kMostThreads / 32 * kGroupsPerWarp};
    std::vector<unsigned> order;
    unsigned size = 0, live = 0, waiting = 0;
    unsigned place = 0; ///< of the thread that runs, in `order`
    unsigned self = 0;  ///< the thread that runs
    const char* barrierFile = nullptr;
    int barrierLine = 0;

    std::vector<std::byte> dynamic;
    std::unique_ptr<std::byte[]> sharedStore{new std::byte[2 * kSharedLimit]};
    std::size_t sharedUsed = 0;
    std::vector<SharedArray> shared;
    std::vector<std::unique_ptr<std::byte[]>> formerShared; ///< of blocks that nothing orders

    Context host;
    const void* hostStack = nullptr;
    std::size_t hostStackBytes = 0;
    void* hostFiber = nullptr;
    std::string error; ///< what ended the kernel
    bool isIllegalAddress = false;

    unsigned parity = 0;   ///< of the number of blocks that have run
    unsigned barriers = 0; ///< that the block has passed
    char barrierTags[2][2] = {}, launchTag = 0, endTag = 0;
    char groupTags[2][kMostThreads / 32 * kGroupsPerWarp] = {};
};
Block& block();

/// Lets others run until this thread is ready again.
void pass();
/// Notes what the thread that runs did wrong.
void blame(const std::string& what, bool isIllegalAddress = false);
/// Goes on in run(), for good. The stacks of all threads are left as they are, so nothing on them
/// may own memory.
[[noreturn]] void leave();

} // namespace gradwright::cuda::standin
