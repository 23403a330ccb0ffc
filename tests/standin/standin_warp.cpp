// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/standin/standin_block_state.h"

namespace gradwright::cuda::standin {
namespace {

/// The group of this warp that waits for others of `mask`, or a new one.
Group& groupFor(Collective kind, unsigned mask) {
    auto& b = block();
    const unsigned warp = b.self / 32;
    Group* spare = nullptr;
    for (unsigned i = warp * kGroupsPerWarp; i < (warp + 1) * kGroupsPerWarp; ++i) {
        auto& group = b.groups[i];
        if (!group.isUsed)
            spare = spare ? spare : &group;
        else if (!group.isComplete && group.mask == mask)
            return group;
    }
    if (!spare)
        fail("meets others of its warp while four groups of it meet already");
    for (unsigned i = 0; i < 32; ++i) {
        const unsigned thread = warp * 32 + i;
        if ((mask >> i & 1U) && (thread >= b.size || b.threads[thread].state == State::Done))
            fail("calls a warp function whose mask names a thread that is not there");
    }
    spare->kind = kind;
    spare->mask = spare->unread = mask;
    spare->arrived = 0;
    spare->isComplete = false;
    spare->isUsed = true;
    return *spare;
}

} // namespace

Meeting::Meeting(Collective kind, unsigned mask, std::uint64_t value, const std::uint32_t* words)
    : mask_(mask) {
    auto& b = block();
    const unsigned bit = 1U << (b.self % 32);
    if (!(mask & bit))
        fail("calls a warp function whose mask leaves itself out");
    auto& group = groupFor(kind, mask);
    if (group.kind != kind)
        fail("calls another warp function than the threads that it meets");
    group.values[b.self % 32] = value;
    // No memcpy, which sanitizers see.
    for (unsigned i = 0; words && i < kMeetingWords; ++i)
        group.words[b.self % 32][i] = words[i];
    group.arrived |= bit;
    group_ = &group;
    noteRelease(b.tagOf(&group));
    if (group.arrived == mask) {
        group.isComplete = true;
        for (unsigned i = 0; i < 32; ++i)
            if (mask >> i & 1U)
                b.threads[b.self / 32 * 32 + i].state = State::Ready;
    } else {
        b.threads[b.self].state = State::Meeting;
        pass();
    }
    noteAcquire(b.tagOf(&group));
}

Meeting::~Meeting() {
    auto& group = *static_cast<Group*>(group_);
    group.unread &= ~(1U << (block().self % 32));
    if (group.unread == 0)
        group.isUsed = false;
}

std::uint64_t Meeting::of(int lane) const {
    if (!(mask_ >> lane & 1U))
        fail("reads from a thread of its warp that the mask leaves out");
    return static_cast<const Group*>(group_)->values[lane];
}

const std::uint32_t* Meeting::words(unsigned lane) const {
    return static_cast<const Group*>(group_)->words[lane];
}

} // namespace gradwright::cuda::standin
