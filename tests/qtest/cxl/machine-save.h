/*
 * Machines that are saved, and others that go on from there
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QTEST_CXL_MACHINE_SAVE_H
#define QTEST_CXL_MACHINE_SAVE_H

#include "libqos/cxl.h"

/*
 * Write the machine's state to the file @name beside the backing files, and
 * let it stand still; @shared: without what the backing files hold
 */
void machine_save(QCXL *q, const char *name, bool shared);
/*
 * Let another QEMU, instead of the one that is there, load the state of the
 * file @name at the virtual time of the last save; false when it refused to
 */
bool machine_load(QCXL *q, const char *name, bool shared);

#endif /* QTEST_CXL_MACHINE_SAVE_H */
