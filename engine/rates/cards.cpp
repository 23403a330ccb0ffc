// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/rates/cards.h"

namespace gradwright {

std::span<const Card> knownCards() {
    constexpr double kGiga = 1e9;
    constexpr double kTera = 1e12;
    constexpr double kGibi = 1073741824; // what the sheets call GB of memory
    //                                 FP64           FP32          TF32         FP16         BF16
    //                                 INT8
    static constexpr std::array<Card, 5> cards{{
        {"P100 SXM2",
         2016,
         {5.3 * kTera, 10.6 * kTera, 0, 21.2 * kTera, 0, 0},
         0,
         16 * kGibi,
         732 * kGiga,
         160 * kGiga,
         "NVIDIA: \"Tesla P100\", data sheet, 2016"},
        {"V100 SXM2",
         2017,
         {7.8 * kTera, 15.7 * kTera, 0, 125 * kTera, 0, 0},
         0,
         32 * kGibi,
         900 * kGiga,
         300 * kGiga,
         "NVIDIA: \"V100 Tensor Core GPU\", data sheet"},
        {"T4",
         2018,
         {0, 8.1 * kTera, 0, 65 * kTera, 0, 130 * kTera},
         0,
         16 * kGibi,
         320 * kGiga,
         0,
         "NVIDIA: \"T4 Tensor Core GPU\", data sheet and product brief"},
        {"A100 SXM 80 GB",
         2020,
         {9.7 * kTera, 19.5 * kTera, 156 * kTera, 312 * kTera, 312 * kTera, 624 * kTera},
         19.5 * kTera,
         80 * kGibi,
         2039 * kGiga,
         600 * kGiga,
         "NVIDIA: \"A100 Tensor Core GPU\", data sheet"},
        {"H100 SXM",
         2022,
         {34 * kTera, 67 * kTera, 494.7 * kTera, 989.4 * kTera, 989.4 * kTera, 1978.9 * kTera},
         67 * kTera,
         80 * kGibi,
         3350 * kGiga,
         900 * kGiga,
         "NVIDIA: \"H100 Tensor Core GPU Architecture\", white paper, and data sheet"},
    }};
    return cards;
}

} // namespace gradwright
