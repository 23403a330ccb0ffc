// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/device.h"

#include <algorithm>
#include <array>

namespace gradwright::cuda {
namespace {

// CUstream_flags: does not wait for the default stream.
constexpr unsigned kNonBlocking = 1;
// CUstreamCaptureMode: only this thread's calls count.
constexpr int kThreadLocal = 1;

} // namespace

Device::Device(const Driver& driver, int ordinal, std::span<const Image> images)
    : driver_(driver)
    , images_(images.begin(), images.end()) {
    check(driver_.deviceGet(&device_, ordinal), "there is no such GPU");
    std::array<char, 256> name{};
    check(driver_.deviceName(name.data(), static_cast<int>(name.size()), device_), "the GPU");
    name_ = name.data();
    const auto attribute = [&](DeviceAttribute which) {
        int value = 0;
        check(driver_.deviceAttribute(&value, static_cast<int>(which), device_), "the GPU");
        return value;
    };
    multiprocessors_ =
        static_cast<unsigned>(std::max(attribute(DeviceAttribute::Multiprocessors), 1));
    computeCapability_ =
        10 * attribute(DeviceAttribute::ComputeMajor) + attribute(DeviceAttribute::ComputeMinor);
    check(driver_.contextRetain(&context_, device_), "the GPU cannot be used");
    if (const int error = driver_.contextSet(context_); error != 0) {
        driver_.contextRelease(device_);
        check(error, "the GPU cannot be used");
    }
}

void Device::use() const {
    check(driver_.contextSet(context_), "the GPU cannot be used");
}

Device::~Device() {
    driver_.contextSet(context_);
    for (const auto& [family, module] : modules_)
        driver_.moduleUnload(module);
    driver_.contextRelease(device_);
}

std::size_t Device::freeMemory() const {
    std::size_t free = 0;
    std::size_t total = 0;
    check(driver_.memoryInfo(&free, &total), "the GPU's memory");
    return free;
}

void Device::check(int error, std::string_view what) const {
    if (error == 0)
        return;
    const char* name = nullptr;
    if (driver_.errorName(error, &name) != 0 || !name)
        name = "an unknown error of the driver";
    throw DeviceError(what, name, error);
}

DriverModule* Device::module(std::string_view family) {
    if (const auto found = modules_.find(family); found != modules_.end())
        return found->second;
    const auto image = std::ranges::find(images_, family, &Image::family);
    if (image == images_.end())
        throw Error("this build has no code for NVIDIA GPUs ({} is missing)", family);
    DriverModule* loaded = nullptr;
    check(driver_.moduleLoad(&loaded, image->data), "the GPU does not take our kernels");
    modules_.emplace(family, loaded);
    return loaded;
}

DriverFunction* Device::function(const char* family, const char* name) {
    if (const auto found = functions_.find(name); found != functions_.end())
        return found->second;
    DriverFunction* function = nullptr;
    check(driver_.moduleFunction(&function, module(family), name), name);
    functions_.emplace(name, function);
    return function;
}

Memory::Memory(std::shared_ptr<Device> device, std::size_t bytes)
    : device_(std::move(device))
    , bytes_(bytes) {
    if (bytes == 0)
        return;
    device_->use();
    device_->check(device_->driver().allocate(&address_, bytes),
                   fmt::format("{} bytes of the GPU's memory", bytes));
}

Memory::~Memory() {
    if (address_ == 0)
        return;
    device_->driver().contextSet(device_->context());
    device_->driver().release(address_);
}

Pinned::Pinned(std::shared_ptr<Device> device, std::size_t bytes)
    : device_(std::move(device))
    , bytes_(bytes) {
    if (bytes == 0)
        return;
    device_->use();
    void* address = nullptr;
    device_->check(device_->driver().hostAllocate(&address, bytes, 0),
                   fmt::format("{} bytes of pinned memory", bytes));
    data_ = static_cast<std::byte*>(address);
}

Pinned::~Pinned() {
    if (!data_)
        return;
    device_->driver().contextSet(device_->context());
    device_->driver().hostRelease(data_);
}

RecordedWork::~RecordedWork() {
    if (!exec_)
        return;
    device_->driver().contextSet(device_->context());
    device_->driver().graphExecDestroy(exec_);
}

Stream::Stream(std::shared_ptr<Device> device)
    : device_(std::move(device)) {
    device_->use();
    device_->check(device_->driver().streamCreate(&stream_, kNonBlocking), "a stream");
}

Stream::~Stream() {
    device_->driver().contextSet(device_->context());
    device_->driver().streamDestroy(stream_);
}

void Stream::copyIn(Address to, const void* from, std::size_t bytes) {
    if (bytes > 0)
        device_->check(device_->driver().copyIn(to, from, bytes, stream_), "a copy to the GPU");
}

void Stream::copyOut(void* to, Address from, std::size_t bytes) {
    if (bytes > 0)
        device_->check(device_->driver().copyOut(to, from, bytes, stream_), "a copy from the GPU");
}

void Stream::copy(Address to, Address from, std::size_t bytes) {
    if (bytes > 0)
        device_->check(device_->driver().copy(to, from, bytes, stream_), "a copy on the GPU");
}

void Stream::clear(Address to, std::size_t bytes) {
    if (bytes > 0)
        device_->check(device_->driver().fill(to, 0, bytes, stream_), "zeros on the GPU");
}

void Stream::launch(DriverFunction* function, const Launch& launch, std::span<void*> arguments,
                    std::string_view what) {
    const auto& [grid, block, sharedBytes] = launch;
    device_->check(device_->driver().launch(function, grid.x, grid.y, grid.z, block.x, block.y,
                                            block.z, sharedBytes, stream_, arguments.data(),
                                            nullptr),
                   what);
}

void Stream::beginRecording() {
    device_->check(device_->driver().captureBegin(stream_, kThreadLocal), "a recording");
}

void Stream::abandonRecording() noexcept {
    DriverGraph* graph = nullptr;
    if (device_->driver().captureEnd(stream_, &graph) == 0 && graph)
        device_->driver().graphDestroy(graph);
}

RecordedWork Stream::endRecording() {
    DriverGraph* graph = nullptr;
    device_->check(device_->driver().captureEnd(stream_, &graph), "a recording");
    DriverGraphExec* exec = nullptr;
    const int error = device_->driver().instantiate(&exec, graph, 0);
    device_->driver().graphDestroy(graph);
    device_->check(error, "a recording");
    return {device_, exec};
}

void Stream::replay(const RecordedWork& work) {
    device_->check(device_->driver().graphLaunch(work.exec(), stream_), "a step on the GPU");
}

void Stream::synchronize() {
    device_->check(device_->driver().streamSynchronize(stream_), "the GPU");
}

} // namespace gradwright::cuda
