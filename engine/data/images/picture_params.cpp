// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/picture_params.h"

#include "engine/data/images/byte_images.h"

namespace gradwright {

ParamSpecs pictureParams() {
    auto size = tupleParam("size", "Size", {64, 64}, 2, 2, 1, 4096,
                           "Height and width that every image is scaled to.");
    size.unit = "px";
    return {
        std::move(size),
        choiceParam("channels", "Colours", "rgb",
                    {{"rgb", "Red, green, blue", "Three channels."},
                     {"gray", "Gray", "One channel, by luminance."}},
                    "The colours that the network sees."),
        choiceParam("fit", "Fit", "crop",
                    {{"crop", "Crop", "Fills the size; the ends of the longer side are cut off."},
                     {"pad", "Pad", "Shows the whole image, with black beside it."},
                     {"stretch", "Stretch", "Scales each side separately."}},
                    "How an image of another aspect ratio is scaled."),
        normalizeParam()};
}

PictureFit pictureFitOf(std::string_view key) {
    return key == "crop" ? PictureFit::Crop
                         : (key == "pad" ? PictureFit::Pad : PictureFit::Stretch);
}

} // namespace gradwright
