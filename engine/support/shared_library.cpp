// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/shared_library.h"

#include <dlfcn.h>

namespace gradwright {

SharedLibrary::SharedLibrary(const char* name, Symbols symbols)
    : library_(dlopen(name, RTLD_NOW | (symbols == Symbols::ForAll ? RTLD_GLOBAL : RTLD_LOCAL)))
    , isComplete_(library_ != nullptr) {}

void* SharedLibrary::address(const char* name) {
    void* found = library_ ? dlsym(library_, name) : nullptr;
    isComplete_ = isComplete_ && found;
    return found;
}

} // namespace gradwright
