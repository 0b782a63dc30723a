/*
 * --map-auto: all subordinate ids of the caller, subuid(5), as getsubids(1)
 * tells them, through newuidmap(1) and newgidmap(1) where that takes privilege.
 */
#pragma once

#include "../common/idmap.h"

/*
 * In the parent, before default_id_map(): fills in the map for file, "uid_map"
 * or "gid_map", which is to be empty. 0 is the caller, or the person who typed
 * sudo, and 1 and on are that user's ranges; for plain root 0 and on are
 * root's. Calls reject() if there is no range, and die() without getsubids.
 */
void subordinate_id_map(struct id_map *map, const char *file);

/*
 * Says if the caller, an ordinary user, needs newuidmap or newgidmap for this
 * map: without a capability one may map one id, user_namespaces(7).
 */
bool needs_helper(const struct id_map *map);

/*
 * In the parent, in place of write_id_map(): newuidmap or newgidmap writes the
 * map, and setgroups as its policy is, unless the caller may map any ids. Or
 * die().
 */
void write_subordinate_map(pid_t child, const char *file,
			   const struct id_map *map);
