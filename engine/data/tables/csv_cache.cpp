// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_cache.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <future>
#include <list>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = std::size_t{128} << 20;

/// What a file was when it was looked at.
struct FileState {
    std::uintmax_t size = 0;
    fs::file_time_type written;

    bool operator==(const FileState&) const = default;
};

/// Nothing for what is no file, and for one that has been written so lately that the next change
/// might leave its time as it is.
std::optional<FileState> stateOf(const fs::path& path) {
    std::error_code error;
    FileState state{fs::file_size(path, error), {}};
    if (error)
        return {};
    state.written = fs::last_write_time(path, error);
    constexpr std::chrono::seconds kLately(2);
    if (error || fs::file_time_type::clock::now() - state.written < kLately)
        return {};
    return state;
}

class TableCache {
public:
    using Table = std::shared_ptr<const CsvTable>;

    Table get(const fs::path& path, const CsvOptions& options) {
        const auto state = stateOf(path);
        if (!state)
            return std::make_shared<const CsvTable>(readCsv(path, options));
        std::promise<Table> promise;
        std::shared_future<Table> wanted;
        {
            const std::lock_guard lock(mutex_);
            const auto found = std::ranges::find_if(entries_, [&](const Entry& each) {
                return each.path == path && each.state == *state && each.options == options;
            });
            if (found != entries_.end()) {
                entries_.splice(entries_.begin(), entries_, found);
                wanted = found->table;
            } else {
                entries_.push_front({path, *state, options, promise.get_future().share()});
            }
        }
        if (wanted.valid())
            return wanted.get();
        try {
            auto table = std::make_shared<const CsvTable>(readCsv(path, options));
            promise.set_value(table);
            settle(path, *state, options, stateOf(path) == state ? table : nullptr);
            return table;
        } catch (...) {
            promise.set_exception(std::current_exception());
            settle(path, *state, options, nullptr);
            throw;
        }
    }

private:
    struct Entry {
        fs::path path;
        FileState state;
        CsvOptions options;
        std::shared_future<Table> table;
        std::size_t bytes = 0; ///< once it has been read
    };

    /// Notes how large a table is, or forgets it where it is null, and lets the oldest go.
    void settle(const fs::path& path, const FileState& state, const CsvOptions& options,
                const Table& table) {
        const std::lock_guard lock(mutex_);
        std::size_t all = 0;
        for (auto entry = entries_.begin(); entry != entries_.end();) {
            if (entry->path == path && entry->state == state && entry->options == options)
                entry->bytes = table ? table->cells.bytes() : kMostBytes + 1;
            all += entry->bytes;
            entry = all > kMostBytes ? entries_.erase(entry) : std::next(entry);
        }
    }

    std::mutex mutex_;
    std::list<Entry> entries_; ///< the one that was asked for last first
};

} // namespace

std::shared_ptr<const CsvTable> sharedCsv(const fs::path& path, const CsvOptions& options) {
    static TableCache cache;
    return cache.get(path, options);
}

} // namespace gradwright
