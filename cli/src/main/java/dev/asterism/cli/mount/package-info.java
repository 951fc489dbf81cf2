/// Whole images mounted without containerd.
@NullMarked
package dev.asterism.cli.mount;

import org.jspecify.annotations.NullMarked;
