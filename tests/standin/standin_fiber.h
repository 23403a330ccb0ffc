// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Stacks that run in turn, and what the sanitizers have to know of them. For sources that are not
// instrumented (GRADWRIGHT_STANDIN_ASAN and GRADWRIGHT_STANDIN_TSAN say what the others are).

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif
#ifdef GRADWRIGHT_STANDIN_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef GRADWRIGHT_STANDIN_TSAN
extern "C" {
void* __tsan_get_current_fiber();
void* __tsan_create_fiber(unsigned flags);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

#if defined(__x86_64__)
/// Saves the registers that a call keeps and the stack in *save, and goes on where `load` was
/// saved.
extern "C" void gradwrightStandinSwitch(void** save, void* load);
#endif

namespace gradwright::cuda::standin {

inline constexpr std::size_t kStackBytes = 128 << 10;

/// Where a fiber has stopped.
class Context {
public:
#if defined(__x86_64__)
    /// To begin with `entry`, which never returns, at the upper end of a stack of kStackBytes.
    void prepare(std::byte* stack, void (*entry)()) {
        auto** at = reinterpret_cast<void**>(stack + kStackBytes - 72);
        *at = nullptr; // where entry() would return to
        *--at = reinterpret_cast<void*>(entry);
        top_ = at - 6; // six registers
    }
    void switchTo(Context& other) {
        gradwrightStandinSwitch(&top_, other.top_);
    }

private:
    void* top_ = nullptr;
#else
    void prepare(std::byte* stack, void (*entry)()) {
        getcontext(&context_);
        context_.uc_stack.ss_sp = stack;
        context_.uc_stack.ss_size = kStackBytes - 72;
        makecontext(&context_, entry, 0);
    }
    void switchTo(Context& other) {
        swapcontext(&context_, &other.context_);
    }

private:
    ucontext_t context_{};
#endif
};

/// Tells ThreadSanitizer that what was done before a release at `tag` comes before what follows an
/// acquire there.
inline void noteRelease([[maybe_unused]] void* tag) {
#ifdef GRADWRIGHT_STANDIN_TSAN
    __tsan_release(tag);
#endif
}
inline void noteAcquire([[maybe_unused]] void* tag) {
#ifdef GRADWRIGHT_STANDIN_TSAN
    __tsan_acquire(tag);
#endif
}
/// The fiber goes on without being ordered after the one that runs now.
inline void noteFiber([[maybe_unused]] void* fiber) {
#ifdef GRADWRIGHT_STANDIN_TSAN
    __tsan_switch_to_fiber(fiber, 1);
#endif
}

/// Tells AddressSanitizer which stack comes next. `fake` keeps its stack of this fiber; null when
/// this fiber does not come back.
inline void noteStack([[maybe_unused]] void** fake, [[maybe_unused]] const void* stack,
                      [[maybe_unused]] std::size_t bytes) {
#ifdef GRADWRIGHT_STANDIN_ASAN
    __sanitizer_start_switch_fiber(fake, stack, bytes);
#endif
}
/// And that it has come to it, from which one.
inline void noteArrival([[maybe_unused]] void* fake, [[maybe_unused]] const void** stack,
                        [[maybe_unused]] std::size_t* bytes) {
#ifdef GRADWRIGHT_STANDIN_ASAN
    __sanitizer_finish_switch_fiber(fake, stack, bytes);
#endif
}

} // namespace gradwright::cuda::standin
