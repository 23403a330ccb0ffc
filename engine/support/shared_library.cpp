// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/shared_library.h"

#include <dlfcn.h>

namespace gradwright {

bool openLibrary(const char* name, std::initializer_list<LibrarySymbol> table, LibraryScope scope) {
    void* const library =
        dlopen(name, RTLD_NOW | (scope == LibraryScope::ForAll ? RTLD_GLOBAL : RTLD_LOCAL));
    bool isComplete = library != nullptr;
    for (const auto& symbol : table) {
        void* const found = library ? dlsym(library, symbol.name()) : nullptr;
        symbol.set(found);
        isComplete = isComplete && found;
    }
    return isComplete;
}

} // namespace gradwright
