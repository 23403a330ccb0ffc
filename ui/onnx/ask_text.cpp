// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/onnx/ask_text.h"

#include <QDialog>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <vector>

namespace gradwright {
namespace {

constexpr int kAskWidth = 460;

} // namespace

bool askTexts(QWidget& window, const TextQuestion& question,
              const std::function<QString(const QStringList&)>& accept) {
    QDialog dialog(&window);
    dialog.setObjectName(QStringLiteral("askTexts"));
    dialog.setWindowTitle(question.title);
    dialog.setMinimumWidth(kAskWidth);
    auto* const form = new QFormLayout;
    std::vector<QLineEdit*> fields;
    for (qsizetype i = 0; i < question.labels.size(); ++i) {
        auto* const field = new QLineEdit(question.texts.value(i));
        field->setObjectName(QStringLiteral("answer%1").arg(i));
        field->setAccessibleName(question.labels[i]);
        field->selectAll();
        form->addRow(question.labels[i], field);
        fields.push_back(field);
    }
    auto* const problem = new QLabel;
    problem->setObjectName(QStringLiteral("problem"));
    problem->setProperty("textRole", QStringLiteral("error"));
    problem->setTextFormat(Qt::PlainText);
    problem->setWordWrap(true);
    problem->hide();
    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel);
    buttons->button(QDialogButtonBox::Ok)->setText(question.button);
    buttons->button(QDialogButtonBox::Ok)->setObjectName(QStringLiteral("accept"));
    auto* const layout = new QVBoxLayout(&dialog);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(12);
    layout->addLayout(form);
    layout->addWidget(problem);
    layout->addWidget(buttons);
    QObject::connect(buttons, &QDialogButtonBox::accepted, &dialog, [&] {
        QStringList answers;
        for (const QLineEdit* const field : fields)
            answers << field->text().trimmed();
        const QString wrong = accept(answers);
        if (wrong.isEmpty()) {
            dialog.accept();
            return;
        }
        problem->setText(wrong);
        problem->show();
        dialog.adjustSize();
    });
    QObject::connect(buttons, &QDialogButtonBox::rejected, &dialog, &QDialog::reject);
    if (!fields.empty())
        fields.front()->setFocus();
    return dialog.exec() == QDialog::Accepted;
}

} // namespace gradwright
