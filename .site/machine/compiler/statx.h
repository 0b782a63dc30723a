/* As the C library has it, where a compiler knows __has_include. tcc does not. */
#include "linux/stat.h"
#define __statx_timestamp_defined 1
#define __statx_defined 1
#include <bits/statx-generic.h>
