// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/standin/standin_machine.h"

#include <algorithm>
#include <cstdio>

namespace gradwright::cuda::standin {
namespace {

constexpr int kVersion = 13000; ///< CUDA 13.0
constexpr int kProcessors = 4;

/// The context that this thread has made current.
thread_local DriverContext* currentContext = nullptr;

bool hasContext() {
    return currentContext == &machine().context && machine().contexts > 0;
}

int copyTask(Address to, const void* from, std::size_t bytes) {
    if (!machine().memory.holds(to, bytes))
        return machine().fail(kIllegalAddress, "a copy to memory that was released");
    std::memcpy(reinterpret_cast<void*>(to), from, bytes);
    return 0;
}

int runKernel(const KernelEntry& kernel, const KernelRun& launch) {
    auto& m = machine();
    ++m.counters.launches;
    try {
        run(launch);
    } catch (const KernelError& error) {
        return m.fail(error.isIllegalAddress() ? kIllegalAddress : kLaunchFailed, error.what());
    }
    if (const auto address = m.memory.writtenBehind())
        return m.fail(kIllegalAddress,
                      fmt::format("kernel {} wrote beyond an allocation of {} bytes", kernel.name,
                                  m.memory.sizeOf(*address)));
    return 0;
}

/// The functions of the table, each when the call is to be served.
struct Functions {
    static int init(unsigned) { return 0; }
    static int driverVersion(int* version) {
        *version = kVersion;
        return 0;
    }
    static int deviceCount(int* count) {
        *count = 1;
        return 0;
    }
    static int deviceGet(int* device, int ordinal) {
        *device = ordinal;
        return ordinal == 0 ? 0 : kInvalidDevice;
    }
    static int deviceName(char* name, int length, int device) {
        std::snprintf(name, static_cast<std::size_t>(length), "stand-in");
        return device == 0 ? 0 : kInvalidDevice;
    }
    static int deviceAttribute(int* value, int attribute, int device) {
        switch (attribute) {
        case 1:
            *value = 1024;
            break; // threads of a block
        case 8:
            *value = 48 << 10;
            break; // bytes of a block's memory
        case 10:
            *value = 32;
            break; // threads of a warp
        case 13:
            *value = 1'500'000; // kHz
            break;
        case 16:
            *value = kProcessors;
            break;
        case 36:
            *value = 1'000'000; // kHz, of the memory
            break;
        case 37:
            *value = 256; // bits of its bus
            break;
        case 75:
            *value = machine().computeCapability / 10;
            break; // compute capability
        case 76:
            *value = machine().computeCapability % 10;
            break; // its minor number
        default:
            return kInvalidValue;
        }
        return device == 0 ? 0 : kInvalidDevice;
    }
    static int deviceMemory(std::size_t* bytes, int device) {
        *bytes = machine().memory.limit();
        return device == 0 ? 0 : kInvalidDevice;
    }
    static int contextRetain(DriverContext** context, int device) {
        if (device != 0)
            return kInvalidDevice;
        ++machine().contexts;
        *context = &machine().context;
        return 0;
    }
    static int contextRelease(int) {
        auto& m = machine();
        if (m.contexts == 0)
            return kInvalidContext;
        if (--m.contexts == 0)
            m.memory.releaseAll();
        return 0;
    }
    static int contextSet(DriverContext* context) {
        currentContext = context;
        return 0;
    }
    static int memoryInfo(std::size_t* free, std::size_t* total) {
        const auto& memory = machine().memory;
        *total = memory.limit();
        *free = memory.limit() - std::min(memory.used(), memory.limit());
        return 0;
    }
    static int moduleLoad(DriverModule** module, const void* image) {
        auto& modules = machine().modules;
        const auto found = std::ranges::find_if(
            modules, [&](const auto& entry) { return &entry.second == image; });
        if (found == modules.end())
            return kInvalidImage;
        *module = &found->second;
        return 0;
    }
    static int moduleUnload(DriverModule*) { return 0; }
    static int moduleFunction(DriverFunction** function, DriverModule* module, const char* name) {
        const auto found = module->functions.find(name);
        if (found == module->functions.end())
            return kNotFound;
        *function = &found->second;
        return 0;
    }
    static int allocate(Address* address, std::size_t bytes) {
        if (bytes == 0)
            return kInvalidValue;
        if (machine().isRecording())
            return kCaptureUnsupported;
        const auto place = machine().memory.allocate(bytes);
        if (!place)
            return kOutOfMemory;
        ++machine().counters.allocations;
        *address = *place;
        return 0;
    }
    static int release(Address address) {
        if (machine().isRecording())
            return kCaptureUnsupported;
        return machine().memory.release(address) ? 0 : kInvalidValue;
    }
    static int hostAllocate(void** address, std::size_t bytes, unsigned) {
        if (machine().isRecording())
            return kCaptureUnsupported;
        *address = ::operator new(bytes);
        std::memset(*address, 0xff, bytes);
        return 0;
    }
    static int hostRelease(void* address) {
        ::operator delete(address);
        return 0;
    }
    static int streamCreate(DriverStream** stream, unsigned) {
        *stream = *machine().streams.insert(new DriverStream).first;
        return 0;
    }
    static int streamDestroy(DriverStream* stream) {
        if (machine().streams.erase(stream) == 0)
            return kInvalidHandle;
        delete stream;
        return 0;
    }
    static int streamSynchronize(DriverStream* stream) {
        auto& m = machine();
        if (stream->isRecording)
            return kCaptureUnsupported;
        ++m.counters.synchronizations;
        const auto queue = std::exchange(stream->queue, {});
        const DeviceMemory::Open open(m.memory);
        for (const auto& task : queue)
            if (const int error = task(); error != 0)
                return error;
        return 0;
    }
    static int copyIn(Address to, const void* from, std::size_t bytes, DriverStream* stream) {
        auto& m = machine();
        if (!m.memory.holds(to, bytes) || m.memory.overlaps(from, bytes))
            return kInvalidValue;
        stream->add([=, &m] {
            m.counters.bytesIn += bytes;
            return copyTask(to, from, bytes);
        });
        return 0;
    }
    static int copyOut(void* to, Address from, std::size_t bytes, DriverStream* stream) {
        auto& m = machine();
        if (!m.memory.holds(from, bytes) || m.memory.overlaps(to, bytes))
            return kInvalidValue;
        stream->add([=, &m] {
            if (!m.memory.holds(from, bytes))
                return m.fail(kIllegalAddress, "a copy from memory that was released");
            m.counters.bytesOut += bytes;
            std::memcpy(to, reinterpret_cast<const void*>(from), bytes);
            return 0;
        });
        return 0;
    }
    static int copy(Address to, Address from, std::size_t bytes, DriverStream* stream) {
        auto& m = machine();
        if (!m.memory.holds(to, bytes) || !m.memory.holds(from, bytes))
            return kInvalidValue;
        if (to < from + bytes && from < to + bytes)
            return kInvalidValue;
        stream->add([=, &m] {
            if (!m.memory.holds(from, bytes))
                return m.fail(kIllegalAddress, "a copy from memory that was released");
            m.counters.bytesCopied += bytes;
            return copyTask(to, reinterpret_cast<const void*>(from), bytes);
        });
        return 0;
    }
    static int fill(Address to, unsigned char byte, std::size_t bytes, DriverStream* stream) {
        auto& m = machine();
        if (!m.memory.holds(to, bytes))
            return kInvalidValue;
        stream->add([=, &m] {
            if (!m.memory.holds(to, bytes))
                return m.fail(kIllegalAddress, "a fill of memory that was released");
            m.counters.bytesFilled += bytes;
            std::memset(reinterpret_cast<void*>(to), byte, bytes);
            return 0;
        });
        return 0;
    }
    static int launch(DriverFunction* function, unsigned gridX, unsigned gridY, unsigned gridZ,
                      unsigned blockX, unsigned blockY, unsigned blockZ, unsigned sharedBytes,
                      DriverStream* stream, void** arguments, void**) {
        const dim3 grid{gridX, gridY, gridZ};
        const dim3 block{blockX, blockY, blockZ};
        const auto& kernel = function->kernel;
        if (const char* why = refusal(grid, block, sharedBytes)) {
            machine().fault = fmt::format("kernel {}: {}", kernel.name, why);
            return kInvalidValue;
        }
        // The values are copied now; what pointers among them point to is read when it runs.
        std::vector<std::vector<std::byte>> values;
        for (std::size_t i = 0; i < kernel.arguments; ++i) {
            const auto* at = static_cast<const std::byte*>(arguments[i]);
            values.emplace_back(at, at + kernel.sizes[i]);
        }
        stream->add([&kernel, grid, block, sharedBytes, values = std::move(values)]() mutable {
            struct Call {
                const KernelEntry& kernel;
                std::vector<void*> places;
            } call{kernel, {}};
            for (auto& value : values)
                call.places.push_back(value.data());
            return runKernel(kernel, {kernel.name, grid, block, sharedBytes,
                                      [](const void* state) {
                                          const auto& [entry, places] =
                                              *static_cast<const Call*>(state);
                                          entry.call(entry.function, places.data());
                                      },
                                      &call});
        });
        return 0;
    }
    static int captureBegin(DriverStream* stream, int) {
        if (stream->isRecording)
            return kInvalidValue;
        stream->isRecording = true;
        return 0;
    }
    static int captureEnd(DriverStream* stream, DriverGraph** graph) {
        if (!stream->isRecording)
            return kInvalidValue;
        stream->isRecording = false;
        *graph = new DriverGraph{std::exchange(stream->recorded, {})};
        return 0;
    }
    static int instantiate(DriverGraphExec** exec, DriverGraph* graph, unsigned long long) {
        *exec = new DriverGraphExec{graph->tasks};
        return 0;
    }
    static int graphLaunch(DriverGraphExec* exec, DriverStream* stream) {
        ++machine().counters.graphLaunches;
        // A copy: a device, too, finishes what was destroyed after it was launched.
        for (const auto& task : exec->tasks)
            stream->add(task);
        return 0;
    }
    static int graphExecDestroy(DriverGraphExec* exec) {
        delete exec;
        return 0;
    }
    static int graphDestroy(DriverGraph* graph) {
        delete graph;
        return 0;
    }
};

/// What a function needs before it is served.
enum class Needs { Nothing, Context };

template <Needs Need, auto Function>
struct Served;
template <Needs Need, class... P, int (*Function)(P...)>
struct Served<Need, Function> {
    static int call(P... arguments) {
        const std::scoped_lock lock(machine().mutex);
        if (const int error = machine().enter(); error != 0)
            return error;
        if (Need == Needs::Context && !hasContext())
            return kInvalidContext;
        return Function(arguments...);
    }
};
/// What frees something does so after a fault, too.
template <auto Function>
struct Freeing;
template <class... P, int (*Function)(P...)>
struct Freeing<Function> {
    static int call(P... arguments) {
        const std::scoped_lock lock(machine().mutex);
        const int error = machine().enter();
        const int own = Function(arguments...);
        return error != 0 ? error : own;
    }
};

} // namespace

Driver makeTable() {
    Driver d;
#define GRADWRIGHT_STANDIN_SERVES(name) d.name = Served<Needs::Context, Functions::name>::call
    GRADWRIGHT_STANDIN_SERVES(memoryInfo);
    GRADWRIGHT_STANDIN_SERVES(moduleLoad);
    GRADWRIGHT_STANDIN_SERVES(moduleFunction);
    GRADWRIGHT_STANDIN_SERVES(allocate);
    GRADWRIGHT_STANDIN_SERVES(hostAllocate);
    GRADWRIGHT_STANDIN_SERVES(streamCreate);
    GRADWRIGHT_STANDIN_SERVES(streamSynchronize);
    GRADWRIGHT_STANDIN_SERVES(copyIn);
    GRADWRIGHT_STANDIN_SERVES(copyOut);
    GRADWRIGHT_STANDIN_SERVES(copy);
    GRADWRIGHT_STANDIN_SERVES(fill);
    GRADWRIGHT_STANDIN_SERVES(launch);
    GRADWRIGHT_STANDIN_SERVES(captureBegin);
    GRADWRIGHT_STANDIN_SERVES(captureEnd);
    GRADWRIGHT_STANDIN_SERVES(instantiate);
    GRADWRIGHT_STANDIN_SERVES(graphLaunch);
#undef GRADWRIGHT_STANDIN_SERVES
#define GRADWRIGHT_STANDIN_SERVES(name) d.name = Served<Needs::Nothing, Functions::name>::call
    GRADWRIGHT_STANDIN_SERVES(init);
    GRADWRIGHT_STANDIN_SERVES(driverVersion);
    GRADWRIGHT_STANDIN_SERVES(deviceCount);
    GRADWRIGHT_STANDIN_SERVES(deviceGet);
    GRADWRIGHT_STANDIN_SERVES(deviceName);
    GRADWRIGHT_STANDIN_SERVES(deviceAttribute);
    GRADWRIGHT_STANDIN_SERVES(deviceMemory);
    GRADWRIGHT_STANDIN_SERVES(contextRetain);
    GRADWRIGHT_STANDIN_SERVES(contextSet);
#undef GRADWRIGHT_STANDIN_SERVES
    d.errorName = errorName;
    d.contextRelease = Freeing<Functions::contextRelease>::call;
    d.moduleUnload = Freeing<Functions::moduleUnload>::call;
    d.release = Freeing<Functions::release>::call;
    d.hostRelease = Freeing<Functions::hostRelease>::call;
    d.streamDestroy = Freeing<Functions::streamDestroy>::call;
    d.graphExecDestroy = Freeing<Functions::graphExecDestroy>::call;
    d.graphDestroy = Freeing<Functions::graphDestroy>::call;
    return d;
}

} // namespace gradwright::cuda::standin
