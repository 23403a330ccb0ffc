// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/driver.h"
#include "engine/backend/cuda/kernels/kernel_name.h"
#include "engine/backend/device_fault.h"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gradwright::cuda {

/// What the driver reports, with its number (CUresult).
class DeviceError : public DeviceFault {
public:
    DeviceError(std::string_view what, std::string_view name, int number)
        : DeviceFault(kindOf(number), fmt::format("{}: {}", what, name))
        , number_(number) {}

    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] bool isOutOfMemory() const { return kind() == Kind::OutOfMemory; }
    [[nodiscard]] bool isFatal() const { return kind() == Kind::Lasting; }

private:
    /// driver_types.h names the errors after which a process has to end.
    static Kind kindOf(int number) {
        if (number == 2)
            return Kind::OutOfMemory;
        return number == 700 || (number >= 702 && number <= 719) || number == 214 ? Kind::Lasting
                                                                                  : Kind::Passing;
    }

    int number_;
};

/// A family of kernels, compiled into one image (a fat binary, cubin or PTX).
struct Image {
    std::string_view family;
    const void* data;
};

/// Threads of a block, unless a kernel says otherwise.
inline constexpr unsigned kBlockThreads = 256;

/// Arrays begin at multiples of that many bytes, as the widest loads and copies want them.
inline constexpr std::size_t kArrayAlignment = 256;
[[nodiscard]] constexpr std::size_t alignedBytes(std::size_t bytes) {
    return (bytes + kArrayAlignment - 1) / kArrayAlignment * kArrayAlignment;
}

struct Extent {
    unsigned x = 1, y = 1, z = 1;
};
/// How many blocks of how many threads.
struct Launch {
    Extent grid, block;
    unsigned sharedBytes = 0;
};

/// One GPU: its context and our kernels. Used by one thread at a time, and by each after use().
class Device {
public:
    Device(const Driver& driver, int ordinal, std::span<const Image> images);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    /// What this thread asks of the driver from now on goes to this device. Memory, streams and
    /// recorded work see to it when they are made and when they end; programs and weights when they
    /// are called.
    void use() const;

    [[nodiscard]] const Driver& driver() const { return driver_; }
    [[nodiscard]] DriverContext* context() const { return context_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] unsigned multiprocessors() const { return multiprocessors_; }
    /// 75 for 7.5.
    [[nodiscard]] int computeCapability() const { return computeCapability_; }
    [[nodiscard]] std::size_t freeMemory() const;
    /// Throws DeviceError unless `error` is 0.
    void check(int error, std::string_view what) const;
    /// Throws Error when the family was not compiled in.
    DriverFunction* function(const char* family, const char* name);

private:
    DriverModule* module(std::string_view family);

    const Driver& driver_;
    std::vector<Image> images_;
    int device_ = 0;
    DriverContext* context_ = nullptr;
    std::string name_;
    unsigned multiprocessors_ = 1;
    int computeCapability_ = 0;
    std::map<std::string, DriverModule*, std::less<>> modules_;
    std::map<std::string, DriverFunction*, std::less<>> functions_;
};

/// Memory of the device; not initialized.
class Memory {
public:
    Memory() = default;
    Memory(std::shared_ptr<Device> device, std::size_t bytes);
    ~Memory();
    Memory(Memory&& other) noexcept
        : device_(std::move(other.device_))
        , address_(std::exchange(other.address_, 0))
        , bytes_(std::exchange(other.bytes_, 0)) {}
    Memory& operator=(Memory&& other) noexcept {
        std::swap(device_, other.device_);
        std::swap(address_, other.address_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }

    [[nodiscard]] Address address() const { return address_; }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    std::shared_ptr<Device> device_;
    Address address_ = 0;
    std::size_t bytes_ = 0;
};

/// Memory of the host that the device reads and writes by itself.
class Pinned {
public:
    Pinned() = default;
    Pinned(std::shared_ptr<Device> device, std::size_t bytes);
    ~Pinned();
    Pinned(Pinned&& other) noexcept
        : device_(std::move(other.device_))
        , data_(std::exchange(other.data_, nullptr))
        , bytes_(std::exchange(other.bytes_, 0)) {}
    Pinned& operator=(Pinned&& other) noexcept {
        std::swap(device_, other.device_);
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }

    [[nodiscard]] std::byte* data() const { return data_; }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    std::shared_ptr<Device> device_;
    std::byte* data_ = nullptr;
    std::size_t bytes_ = 0;
};

/// Work recorded once, to be replayed with one call.
class RecordedWork {
public:
    RecordedWork(std::shared_ptr<Device> device, DriverGraphExec* exec)
        : device_(std::move(device))
        , exec_(exec) {}
    ~RecordedWork();
    RecordedWork(RecordedWork&& other) noexcept
        : device_(std::move(other.device_))
        , exec_(std::exchange(other.exec_, nullptr)) {}
    RecordedWork& operator=(RecordedWork&& other) noexcept {
        std::swap(device_, other.device_);
        std::swap(exec_, other.exec_);
        return *this;
    }

    [[nodiscard]] DriverGraphExec* exec() const { return exec_; }

private:
    std::shared_ptr<Device> device_;
    DriverGraphExec* exec_;
};

/// Work in order. What is copied to and from the host must live until synchronize() returns.
class Stream {
public:
    explicit Stream(std::shared_ptr<Device> device);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    void copyIn(Address to, const void* from, std::size_t bytes);
    void copyOut(void* to, Address from, std::size_t bytes);
    void copy(Address to, Address from, std::size_t bytes);
    void clear(Address to, std::size_t bytes);
    /// `arguments` point to the values, which are copied now.
    void launch(DriverFunction* function, const Launch& launch, std::span<void*> arguments,
                std::string_view what);
    /// What `work` hands to this stream is recorded instead of done.
    template <class Work>
    RecordedWork record(const Work& work) {
        beginRecording();
        try {
            work();
        } catch (...) {
            abandonRecording();
            throw;
        }
        return endRecording();
    }
    void replay(const RecordedWork& work);
    /// Waits for all of it. Throws DeviceError with what went wrong since the last time.
    void synchronize();

private:
    void beginRecording();
    void abandonRecording() noexcept;
    RecordedWork endRecording();

    std::shared_ptr<Device> device_;
    DriverStream* stream_ = nullptr;
};

} // namespace gradwright::cuda
