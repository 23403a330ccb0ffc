// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/sequence.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/support/error.h"
#include "engine/support/simd.h"

#include <cmath>
#include <cstring>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 16384; // elements

GRADWRIGHT_CLONES
void addRows(float* out, const float* a, const float* b, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = a[i] + b[i];
}

} // namespace

void requireEntries(const std::string& path, const float* numbers, std::size_t count,
                    std::size_t vocabulary) {
    for (std::size_t i = 0; i < count; ++i)
        if (!(numbers[i] >= 0 && numbers[i] < static_cast<float>(vocabulary) &&
              numbers[i] == std::floor(numbers[i])))
            throw Error("{}: {} is none of the {} entries, 0 to {}", path, numbers[i], vocabulary,
                        vocabulary - 1);
}

void lookUp(float* out, const float* table, const float* numbers, std::size_t count,
            std::size_t width) {
    forChunks(
        count, std::max<std::size_t>(1, kGrain / width), [=](std::size_t begin, std::size_t end) {
            for (auto i = begin; i < end; ++i)
                std::memcpy(out + i * width, table + static_cast<std::size_t>(numbers[i]) * width,
                            width * sizeof(float));
        });
}

void lookUpBackward(float* table, const float* numbers, const float* gradient, std::size_t count,
                    std::size_t width, std::size_t vocabulary) {
    // Columns are shared out: an entry may come up many times.
    forChunks(width, 64, [=](std::size_t begin, std::size_t end) {
        for (std::size_t row = 0; row < vocabulary; ++row)
            std::memset(table + row * width + begin, 0, (end - begin) * sizeof(float));
        for (std::size_t i = 0; i < count; ++i) {
            auto* row = table + static_cast<std::size_t>(numbers[i]) * width + begin;
            addRows(row, row, gradient + i * width + begin, end - begin);
        }
    });
}

void addTable(float* out, const float* in, const float* table, std::size_t batch,
              std::size_t size) {
    forChunks(batch, std::max<std::size_t>(1, kGrain / size),
              [=](std::size_t begin, std::size_t end) {
                  for (auto n = begin; n < end; ++n)
                      addRows(out + n * size, in + n * size, table, size);
              });
}

void sumOfSamples(float* table, const float* gradient, std::size_t batch, std::size_t size) {
    forChunks(size, 1024, [=](std::size_t begin, std::size_t end) {
        std::memset(table + begin, 0, (end - begin) * sizeof(float));
        for (std::size_t n = 0; n < batch; ++n)
            addRows(table + begin, table + begin, gradient + n * size + begin, end - begin);
    });
}

} // namespace gradwright::onednn
