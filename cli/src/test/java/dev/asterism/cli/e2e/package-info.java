/// The whole path with the real parts: Debian's containerd, runc, docker-registry and ctr-remote,
/// and the daemon as a process of its own.
@NullMarked
package dev.asterism.cli.e2e;

import org.jspecify.annotations.NullMarked;
