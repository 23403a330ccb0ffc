// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/channel.h"
#include "engine/backend/cuda/lowering.h"

namespace gradwright::cuda {

// Launches that the lowerings of several families share.

/// As kernels count. Throws Error for an array that they cannot index.
std::uint32_t count32(std::int64_t count);

/// Rows and columns of the tiles that the kernels of products share out among blocks.
inline constexpr std::int64_t kTile = 64;
unsigned tilesOf(std::int64_t size);
/// Adds to the launch's cost what the tiles of `stack` products of [rows, depth] and
/// [depth, columns] load and multiply, with operands in that format.
void countTiles(PreparedLaunch& launch, std::int64_t rows, std::int64_t columns, std::int64_t depth,
                std::int64_t stack, Precision format = Precision::F32);

/// Into how many parts the depth of a product is cut: more than one where its tiles alone would
/// leave most of a GPU idle.
std::uint32_t partsFor(std::int64_t rows, std::int64_t columns, std::int64_t stack,
                       std::int64_t depth);

/// Whose product it is: BF16 and FP16 round the operands of convolutions and dense layers alone, as
/// on the CPU; TF32 those of other products, too.
enum class ProductOf { Layer, Other };

/// The kernels that take products in one format.
struct ProductKernels {
    KernelName<void(const float*, const float*, const float*, float*, ProductShape)> multiply;
    KernelName<void(const float*, const float*, const float*, float*, ConvShape)> convolve;
    KernelName<void(const float*, const float*, const float*, float*, ConvShape)> convolveBack;
    KernelName<void(const float*, const float*, float*, ConvShape)> kernelGradient;
};
const ProductKernels& productKernels(Precision format);
/// What a precision rounds the operands of such a product to.
Precision productFormat(Precision precision, ProductOf of);

/// c = a · b by the shape, in as many parts as make the GPU busy. Without a bias, C must have no
/// gaps.
void multiply(Lowering& lowering, ProductOf of, const float* a, const float* b, const float* bias,
              float* c, ProductShape shape);

/// The array [batch, channels, …], its channels cut into parts where they alone would leave most of
/// a GPU idle.
ChannelShape channelsOf(const Shape& shape);

/// Into how many parts sums of `count` numbers are cut, of which `blocks` are taken at a time.
std::uint32_t partsOfSums(std::int64_t blocks, std::int64_t count);

/// Sums that a kernel takes in parts, [parts, size], each from the beginning of the array.
class PartedSums {
public:
    /// `sums`: where they go; null: nowhere.
    PartedSums(Lowering& lowering, float* sums, std::int64_t size, std::uint32_t parts);

    /// What the kernel writes; null where no sums are wanted.
    [[nodiscard]] float* parts() const { return parts_; }
    /// Adds the parts in their order.
    void add() const;

private:
    Lowering& lowering_;
    float* sums_;
    float* parts_;
    std::uint64_t size_;
    std::uint32_t count_;
};

/// Threads of a block for rows of that length: whole warps, kBlockThreads at most.
unsigned threadsFor(std::int64_t length);

/// to[i] = from[i].
void copyElements(Lowering& lowering, const float* from, float* to, std::size_t size);

} // namespace gradwright::cuda
