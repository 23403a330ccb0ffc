// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/processes_note.h"

#include "engine/training/processes.h"
#include "engine/worker/mpirun.h"
#include "ui/forms/param_form.h"
#include "ui/theme/text.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QLabel>
#include <QStandardItemModel>

#include <thread>

namespace gradwright {
namespace {

void offerProcesses(const ParamForm& form, const QString& missing) {
    auto* const combo = qobject_cast<QComboBox*>(form.editor("where"));
    const int place = combo->findData(QStringLiteral("processes"));
    auto* const model = qobject_cast<QStandardItemModel*>(combo->model());
    if (model == nullptr || place < 0)
        return;
    model->item(place)->setEnabled(missing.isEmpty());
    if (!missing.isEmpty())
        combo->setItemData(place, missing, Qt::ToolTipRole);
}

QString noteOf(const TrainingSettings& settings, const DataChoice& data, const QString& missing) {
    if (!missing.isEmpty())
        return missing;
    if (const auto why = whyNotShared(settings, data); !why.empty())
        return qstr(why);
    const auto processors = static_cast<int>(std::thread::hardware_concurrency());
    if (const int processes = processesOf(settings); processors > 0 && processes > processors)
        return QCoreApplication::translate("ProcessesNote",
                                           "%1 processes take turns on %2 processors, which is "
                                           "slower than as many processes as processors.")
            .arg(processes)
            .arg(processors);
    return {};
}

} // namespace

void noteProcesses(QLabel& note, const ParamForm& form, const TrainingSettings& settings,
                   const DataChoice& data) {
    const QString missing = qstr(whyNoProcesses());
    offerProcesses(form, missing);
    note.setText(noteOf(settings, data, missing));
    note.setVisible(!note.text().isEmpty());
}

} // namespace gradwright
