// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gradwright {

/// A library that is opened when it is needed, so that programs start without it. It stays open.
class SharedLibrary {
public:
    /// Who finds the library's symbols beside this program: nobody else, or every library that is
    /// opened later, such as plugins of its own.
    enum class Symbols { Own, ForAll };

    /// `name` as the linker knows it: "libwebp.so.7".
    explicit SharedLibrary(const char* name, Symbols symbols = Symbols::Own);

    /// Whether the library was found, and with it all functions that were asked for.
    [[nodiscard]] bool isComplete() const { return isComplete_; }
    /// Sets a pointer to a function, or an object, that the library must have.
    template <typename Function>
    void find(const char* name, Function*& function) {
        function = reinterpret_cast<Function*>(address(name));
    }

private:
    void* address(const char* name);

    void* library_;
    bool isComplete_;
};

} // namespace gradwright
