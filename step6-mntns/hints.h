/*
 * The known causes of failures of the full runtime, for add_hints().
 */
#pragma once

#include "../common/hints.h"

/* The last row has no WHAT. */
extern const struct hint runtime_hints[];
