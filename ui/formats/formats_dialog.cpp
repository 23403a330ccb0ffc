// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/formats/formats_dialog.h"

#include "ui/formats/network_formats.h"
#include "ui/theme/text.h"

#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright {

namespace {

constexpr QSize kFormatsSize{940, 600};
constexpr double kFirstNumber = 0.1;
enum FormatColumn {
    kFormatName,
    kFormatBits,
    kFormatBecomes,
    kFormatError,
    kFormatSpacing,
    kFormatLargest,
    kFormatSmallest,
    kFormatColumns
};

/// With as many digits as tell it from its neighbours, or fewer where it is for a glance.
QString digits(double number, int most) {
    if (std::isnan(number))
        return QStringLiteral("NaN");
    if (std::isinf(number))
        return number > 0 ? QStringLiteral("∞") : QStringLiteral("−∞");
    return QString::number(number, 'g', most).replace(u'-', u'−');
}

QString utf8(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

/// How the value comes about: (−1)^s · 2^(e − bias) · mantissa.
QString writtenOut(const NumberFormat& format, std::uint64_t bits) {
    const QString value = digits(decode(format, bits), 17);
    if (format.isInteger())
        return QObject::tr("An integer in two's complement: %1. In a network it stands for %1 "
                           "times a scale.")
            .arg(value);
    const auto exponent =
        static_cast<int>(bits >> format.mantissaBits & ((1U << format.exponentBits) - 1));
    const double mantissa =
        static_cast<double>(bits & ((std::uint64_t{1} << format.mantissaBits) - 1)) /
        std::ldexp(1.0, format.mantissaBits);
    const bool negative = (bits >> (format.bits() - 1) & 1) != 0;
    const double number = decode(format, bits);
    if (std::isnan(number))
        return QObject::tr("Not a number (NaN): what 0/0 gives, and all that is computed with it.");
    if (std::isinf(number))
        return QObject::tr("%1: what is too large, and what 1/0 gives.").arg(value);
    const QString sign = negative ? QStringLiteral("−") : QString();
    if (exponent == 0)
        return QObject::tr("%1%2 · 2^%3 = %4: without the 1 in front of the point that larger "
                           "numbers have, down to 0.")
            .arg(sign, digits(mantissa, 17))
            .arg(1 - format.bias())
            .arg(value);
    return QObject::tr("%1%2 · 2^%3 = %4, where %3 is the exponent %5 less %6.")
        .arg(sign, digits(1 + mantissa, 17))
        .arg(digits(exponent - format.bias(), 6))
        .arg(value)
        .arg(exponent)
        .arg(format.bias());
}

/// Nothing where the text is no number. Takes a comma for a point, and inf and nan.
std::optional<double> numberIn(QString text) {
    text = text.trimmed().toLower();
    text.replace(u'−', u'-').replace(u',', u'.');
    if (text == u"inf" || text == u"∞" || text == u"infinity")
        return std::numeric_limits<double>::infinity();
    if (text == u"-inf" || text == u"-∞" || text == u"-infinity")
        return -std::numeric_limits<double>::infinity();
    if (text == u"nan")
        return std::numeric_limits<double>::quiet_NaN();
    bool good = false;
    const double number = text.toDouble(&good);
    return good ? std::optional(number) : std::nullopt;
}

} // namespace

FormatsDialog::FormatsDialog(const ThemeManager& themes, ProjectDocument& document, QWidget* window)
    : QDialog(window)
    , number_(new QLineEdit)
    , wrong_(new QLabel)
    , table_(new QTableWidget(0, kFormatColumns))
    , use_(new QLabel)
    , bits_(new BitRow(themes))
    , value_(new QLabel)
    , tabs_(new QTabWidget)
    , network_(new NetworkFormats(document)) {
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Number formats"));
    resize(kFormatsSize.boundedTo(window ? window->size() - QSize(60, 60) : kFormatsSize));
    number_->setAccessibleName(tr("Number"));
    number_->setToolTip(tr("Any number, such as 0.1, 1e-8, 70000, inf or nan"));
    wrong_->setProperty("textRole", QStringLiteral("error"));
    wrong_->setObjectName(QStringLiteral("wrongNumber"));
    wrong_->hide();
    table_->setHorizontalHeaderLabels({tr("Format"), tr("Bits"), tr("Becomes"), tr("Error"),
                                       tr("Spacing"), tr("Largest"), tr("Smallest")});
    table_->horizontalHeaderItem(kFormatSpacing)->setToolTip(tr("How far the next number is away"));
    table_->horizontalHeaderItem(kFormatSmallest)
        ->setToolTip(tr("Above zero, with all digits; there are smaller ones with fewer"));
    table_->setAccessibleName(tr("Number formats"));
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setShowGrid(false);
    table_->setWordWrap(false); // a long number is cut at its end
    table_->setTabKeyNavigation(false);
    table_->verticalHeader()->hide();
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setSectionResizeMode(kFormatBecomes, QHeaderView::Stretch);
    use_->setWordWrap(true);
    use_->setObjectName(QStringLiteral("formatUse"));
    value_->setWordWrap(true);
    value_->setObjectName(QStringLiteral("bitsValue"));
    listFormats();

    tabs_->addTab(numberTab(), tr("A number"));
    tabs_->addTab(network_, tr("This network"));
    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    auto* const layout = new QVBoxLayout(this);
    layout->addWidget(tabs_, 1);
    layout->addWidget(buttons);

    connect(number_, &QLineEdit::textEdited, this, &FormatsDialog::takeNumber);
    connect(table_, &QTableWidget::currentCellChanged, this, [this] { showNumber(shown_); });
    connect(bits_, &BitRow::changed, this, &FormatsDialog::showBits);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    number_->setText(QString::number(kFirstNumber));
    shown_ = kFirstNumber;
    const auto bf16 = std::ranges::find(numberFormats(), "bf16", &NumberFormat::key);
    table_->setCurrentCell(static_cast<int>(bf16 - numberFormats().begin()), kFormatName);
    number_->setFocus();
    number_->selectAll();
}

QWidget* FormatsDialog::numberTab() {
    auto* const made = new QWidget;
    auto* const form = new QFormLayout;
    form->addRow(tr("Number"), number_);
    auto* const layout = new QVBoxLayout(made);
    layout->addLayout(form);
    layout->addWidget(wrong_);
    layout->addWidget(table_, 1);
    layout->addWidget(use_);
    layout->addWidget(bits_);
    layout->addWidget(value_);
    return made;
}

void FormatsDialog::showNetwork() {
    tabs_->setCurrentWidget(network_);
    network_->startButton().setFocus();
}

void FormatsDialog::listFormats() {
    for (const NumberFormat& format : numberFormats()) {
        const int row = table_->rowCount();
        table_->insertRow(row);
        const QString bits =
            format.isInteger()
                ? QString::number(format.bits())
                : QStringLiteral("1 + %1 + %2").arg(format.exponentBits).arg(format.mantissaBits);
        for (int column = 0; column < kFormatColumns; ++column)
            table_->setItem(row, column, new QTableWidgetItem);
        table_->item(row, kFormatName)->setText(utf8(format.title));
        table_->item(row, kFormatBits)->setText(bits);
        table_->item(row, kFormatBits)->setToolTip(tr("Sign, exponent and mantissa"));
        table_->item(row, kFormatLargest)->setText(digits(largestNumber(format), 6));
        table_->item(row, kFormatSmallest)->setText(digits(smallestNormal(format), 6));
    }
}

const NumberFormat& FormatsDialog::format() const {
    return numberFormats()[static_cast<std::size_t>(std::max(0, table_->currentRow()))];
}

void FormatsDialog::takeNumber(const QString& text) {
    const auto number = numberIn(text);
    wrong_->setVisible(!number);
    if (!number)
        return wrong_->setText(tr("This is no number: 0.1, 1e-8, 70000, inf or nan are."));
    showNumber(*number);
}

void FormatsDialog::showNumber(double number) {
    shown_ = number;
    for (int row = 0; row < table_->rowCount(); ++row) {
        const NumberFormat& each = numberFormats()[static_cast<std::size_t>(row)];
        const double becomes = rounded(each, number);
        const double error = std::abs(becomes - number);
        table_->item(row, kFormatBecomes)->setText(digits(becomes, 17));
        table_->item(row, kFormatBecomes)->setToolTip(digits(becomes, 17));
        const bool isRelative = std::isfinite(error) && number != 0;
        table_->item(row, kFormatError)
            ->setText(!isRelative  ? QStringLiteral("–")
                      : error == 0 ? QStringLiteral("0")
                                   : tr("%1 %").arg(digits(100 * error / std::abs(number), 3)));
        table_->item(row, kFormatSpacing)->setText(digits(spacingAt(each, number), 4));
    }
    use_->setText(utf8(format().title) + QStringLiteral(": ") + utf8(format().use));
    const auto bits = encode(format(), number);
    bits_->show(format(), bits);
    value_->setText(writtenOut(format(), bits));
}

void FormatsDialog::showBits(std::uint64_t bits) {
    const double number = decode(format(), bits);
    wrong_->hide();
    number_->setText(std::isnan(number) ? QStringLiteral("nan")
                     : std::isinf(number)
                         ? (number > 0 ? QStringLiteral("inf") : QStringLiteral("-inf"))
                         : QString::number(number, 'g', 17));
    showNumber(number);
    bits_->show(format(), bits); // NaN has many
    value_->setText(writtenOut(format(), bits));
}

} // namespace gradwright

#include "moc_formats_dialog.cpp"
