// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/pages.h"

#include "ui/data/data_page.h"
#include "ui/design/design_page.h"
#include "ui/inference/inference_page.h"
#include "ui/lab/lab_page.h"
#include "ui/training/train_page.h"

namespace gradwright {

std::vector<Page*> makePages(const PageContext& context) {
    return {
        new DesignPage(context.document, context.themes),
        new DataPage(context.document, context.themes, context.session, context.data),
        new TrainPage(context.document, context.themes, context.session),
        new InferencePage(context.document, context.themes, context.session),
        new LabPage(context.document, context.themes, context.session),
    };
}

} // namespace gradwright
