// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/template_details.h"

#include "ui/theme/text.h"

#include <QLabel>
#include <QVBoxLayout>

namespace gradwright {

namespace {

QLabel* label(const char* role) {
    auto* const made = new QLabel;
    made->setProperty("textRole", QLatin1String(role));
    made->setWordWrap(true);
    return made;
}

QString row(const QString& name, const QString& value) {
    return QStringLiteral("<tr><td style='padding-right:14px'>%1</td><td><b>%2</b></td></tr>")
        .arg(name, value.toHtmlEscaped());
}

} // namespace

TemplateDetails::TemplateDetails(QWidget* parent)
    : QFrame(parent)
    , name_(label("title"))
    , description_(label("muted"))
    , figures_(label("muted"))
    , tryTitle_(label("section"))
    , try_(label("muted"))
    , hint_(label("caption")) {
    setProperty("role", QStringLiteral("card"));
    setObjectName(QStringLiteral("details"));
    try_->setObjectName(QStringLiteral("tryThis"));
    tryTitle_->setText(tr("What to try"));
    hint_->setText(tr("Click or Enter opens it as a new project."));
    auto* const rows = new QVBoxLayout(this);
    rows->setContentsMargins(16, 14, 16, 14);
    rows->setSpacing(8);
    for (QWidget* const each :
         std::initializer_list<QWidget*>{name_, description_, figures_, tryTitle_, try_, hint_})
        rows->addWidget(each);
    rows->addStretch();
}

void TemplateDetails::show(const TemplateSummary& summary) {
    key_ = summary.key;
    name_->setText(summary.name);
    if (!summary.problem.isEmpty()) {
        description_->setText(summary.problem);
        for (QLabel* const each : {figures_, tryTitle_, try_, hint_})
            each->hide();
        return;
    }
    description_->setText(summary.description);
    figures_->setText(QStringLiteral("<table cellspacing='0' cellpadding='1'>") +
                      row(tr("Data"), summary.data) +
                      row(tr("Layers"), fullNumber(summary.layers)) +
                      row(tr("Parameters"), fullNumber(summary.parameters)) +
                      row(tr("MACs"), tr("%1 per sample").arg(shortNumber(summary.macs))) +
                      row(tr("Training"), summary.recipe) + QStringLiteral("</table>"));
    try_->setText(summary.tryThis);
    for (QLabel* const each : {figures_, hint_})
        each->show();
    tryTitle_->setVisible(!summary.tryThis.isEmpty());
    try_->setVisible(!summary.tryThis.isEmpty());
}

} // namespace gradwright

#include "moc_template_details.cpp"
