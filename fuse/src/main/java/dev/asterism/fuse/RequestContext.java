package dev.asterism.fuse;

/// Who asks. Immutable.
///
/// @param uid user id the request runs under, in the user namespace of the mount
/// @param gid group id, likewise
/// @param pid id of the asking *thread* in the pid namespace of the mount; 0 where it has none
///   there
public record RequestContext(int uid, int gid, int pid) {}
