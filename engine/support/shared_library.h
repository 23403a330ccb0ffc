// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <initializer_list>

namespace gradwright {

/// A function, or an object, that a library must have, and the pointer that is set to it.
class LibrarySymbol {
public:
    template <typename Function>
    LibrarySymbol(const char* name, Function*& pointer)
        : name_(name)
        , pointer_(&pointer)
        , set_([](void* place, void* found) {
            *static_cast<Function**>(place) = reinterpret_cast<Function*>(found);
        }) {}

    [[nodiscard]] const char* name() const { return name_; }
    /// `found`: null where the library lacks it.
    void set(void* found) const { set_(pointer_, found); }

private:
    const char* name_;
    void* pointer_;
    void (*set_)(void* place, void* found);
};

/// Who finds a library's symbols beside this program: nobody else, or every library that is opened
/// later, such as plugins of its own.
enum class LibraryScope { Own, ForAll };

/// Opens a library that is needed only now, so that programs start without it, and sets all
/// pointers of the table; null where there is nothing. It stays open. Returns whether the library
/// was found, and with it all of the table. `name` as the linker knows it: "libwebp.so.7".
bool openLibrary(const char* name, std::initializer_list<LibrarySymbol> table,
                 LibraryScope scope = LibraryScope::Own);

} // namespace gradwright
