/// The `asterism` command and daemon.
@NullMarked
package dev.asterism.cli;

import org.jspecify.annotations.NullMarked;
