// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/input_panel.h"

#include "moc_input_panel.cpp"
