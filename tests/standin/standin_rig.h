// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/standin/standin_driver.h"

#include <array>
#include <limits>

namespace gradwright::cuda::standin {

/// A device that has just been started, with one stream: what tests of kernels launch on.
class Rig {
public:
    Rig()
        : device_(start())
        , stream_(device_) {}

    [[nodiscard]] const std::shared_ptr<Device>& device() const { return device_; }
    [[nodiscard]] Stream& stream() { return stream_; }

    template <class T>
    [[nodiscard]] Memory allocate(std::size_t count) const {
        return {device_, count * sizeof(T)};
    }
    template <class T>
    [[nodiscard]] Memory upload(const std::vector<T>& values) {
        auto memory = allocate<T>(values.size());
        stream_.copyIn(memory.address(), values.data(), values.size() * sizeof(T));
        stream_.synchronize();
        return memory;
    }
    /// What the memory holds once all that was handed to the stream is done.
    template <class T>
    [[nodiscard]] std::vector<T> download(const Memory& memory) {
        std::vector<T> values(memory.bytes() / sizeof(T));
        stream_.copyOut(values.data(), memory.address(), memory.bytes());
        stream_.synchronize();
        return values;
    }
    /// The address as kernels take it.
    template <class T = float>
    [[nodiscard]] static T* pointer(const Memory& memory) {
        return reinterpret_cast<T*>(memory.address());
    }

    template <class... P, class... A>
    void launch(KernelName<void(P...)> kernel, const Launch& launch, A... arguments) {
        static_assert(sizeof...(P) == sizeof...(A));
        launchValues<std::remove_cv_t<P>...>(kernel.family, kernel.name, launch,
                                             static_cast<P>(arguments)...);
    }

private:
    static std::shared_ptr<Device> start() {
        restartStandin();
        return std::make_shared<Device>(standinDriver(), 0, standinImages());
    }
    template <class... P>
    void launchValues(const char* family, const char* name, const Launch& launch, P... values) {
        std::array<void*, sizeof...(P) + 1> addresses{&values..., nullptr};
        stream_.launch(device_->function(family, name), launch,
                       std::span(addresses).first(sizeof...(P)), name);
    }

    std::shared_ptr<Device> device_;
    Stream stream_;
};

/// The orders of threads and blocks in which results have to be equal to the bit.
inline constexpr std::array kOrders{Order::Forward, Order::Backward, Order::Shuffled};

} // namespace gradwright::cuda::standin
